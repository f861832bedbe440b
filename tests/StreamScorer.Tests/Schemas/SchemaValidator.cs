using System.Text.Json;
using System.Text.RegularExpressions;

namespace StreamScorer.Tests.Schemas;

/// <summary>
/// JSON Schema 2020-12, as far as the schemas here need it. A keyword it does not know is an error, never skipped: a rule that nobody
/// checks would look like one that holds.
/// </summary>
internal sealed class SchemaValidator(JsonElement root)
{
    private static readonly HashSet<string> Remarks = ["$schema", "$id", "$defs", "title", "description", "examples"];

    /// <param name="closed">A member that the schema does not name is a fault too, though the schema leaves room for more.</param>
    /// <returns>The faults: where and which rule.</returns>
    public IReadOnlyList<string> Validate(JsonElement value, bool closed = false)
    {
        var faults = new List<string>();
        Check(root, value, "", closed, faults);
        return faults;
    }

    /// <summary>The sub-schemas that no example reaches must be known too.</summary>
    public void RefuseUnknownKeywords() => Walk(root);

    private void Check(JsonElement schema, JsonElement value, string at, bool closed, List<string> faults)
    {
        if (schema.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            Fault(schema.ValueKind == JsonValueKind.True, "false");
            return;
        }

        foreach (var rule in schema.EnumerateObject().Where(rule => !Remarks.Contains(rule.Name)))
        {
            switch (rule.Name)
            {
                case "$ref":
                    Check(Follow(rule.Value.GetString()!), value, at, closed, faults);
                    break;
                case "oneOf":
                    Fault(rule.Value.EnumerateArray().Count(one => Holds(one, value)) == 1, rule.Name);
                    break;
                case "type":
                    Fault(rule.Value.ValueKind == JsonValueKind.Array ? rule.Value.EnumerateArray().Any(type => Is(value, type)) : Is(value, rule.Value), rule.Name);
                    break;
                case "enum":
                    Fault(rule.Value.EnumerateArray().Any(one => JsonElement.DeepEquals(one, value)), rule.Name);
                    break;
                default:
                    CheckByType(rule, schema, value, at, closed, faults);
                    break;
            }
        }

        void Fault(bool holds, string rule)
        {
            if (!holds)
            {
                faults.Add($"{at}: {rule}");
            }
        }
    }

    private void CheckByType(JsonProperty rule, JsonElement schema, JsonElement value, string at, bool closed, List<string> faults)
    {
        if (value.ValueKind == JsonValueKind.Object && CheckObject(rule, schema, value, at, closed, faults))
        {
            return;
        }

        if (value.ValueKind == JsonValueKind.Array && rule.NameEquals("items"))
        {
            foreach (var (index, item) in value.EnumerateArray().Index())
            {
                Check(rule.Value, item, $"{at}/{index}", closed, faults);
            }
        }
        else if (!Simple(rule, value))
        {
            faults.Add($"{at}: {rule.Name}");
        }
    }

    private bool CheckObject(JsonProperty rule, JsonElement schema, JsonElement value, string at, bool closed, List<string> faults)
    {
        switch (rule.Name)
        {
            case "properties":
                foreach (var member in value.EnumerateObject())
                {
                    if (rule.Value.TryGetProperty(member.Name, out var known))
                    {
                        Check(known, member.Value, $"{at}/{member.Name}", closed, faults);
                    }
                    else if (closed)
                    {
                        faults.Add($"{at}/{member.Name}: not in the schema");
                    }
                }

                return true;
            case "additionalProperties":
                foreach (var member in value.EnumerateObject())
                {
                    if (!schema.TryGetProperty("properties", out var named) || !named.TryGetProperty(member.Name, out _))
                    {
                        Check(rule.Value, member.Value, $"{at}/{member.Name}", closed, faults);
                    }
                }

                return true;
            default:
                return false;
        }
    }

    // A rule for another type of value says nothing (specification, "Assertions and Instance Primitive Types").
    private static bool Simple(JsonProperty rule, JsonElement value) => (rule.Name, value.ValueKind) switch
    {
        ("required", JsonValueKind.Object) => rule.Value.EnumerateArray().All(name => value.TryGetProperty(name.GetString()!, out _)),
        ("dependentRequired", JsonValueKind.Object) => rule.Value.EnumerateObject().All(pair =>
            !value.TryGetProperty(pair.Name, out _) || pair.Value.EnumerateArray().All(name => value.TryGetProperty(name.GetString()!, out _))),
        ("minProperties", JsonValueKind.Object) => value.EnumerateObject().Count() >= rule.Value.GetInt32(),
        ("uniqueItems", JsonValueKind.Array) => !rule.Value.GetBoolean() || value.EnumerateArray().Select(item => item.GetRawText()).Distinct().Count() == value.GetArrayLength(),
        ("minLength", JsonValueKind.String) => value.GetString()!.EnumerateRunes().Count() >= rule.Value.GetInt32(),
        ("pattern", JsonValueKind.String) => Regex.IsMatch(value.GetString()!, rule.Value.GetString()!, RegexOptions.ECMAScript),
        ("minimum", JsonValueKind.Number) => value.GetDouble() >= rule.Value.GetDouble(),
        ("maximum", JsonValueKind.Number) => value.GetDouble() <= rule.Value.GetDouble(),
        ("exclusiveMinimum", JsonValueKind.Number) => value.GetDouble() > rule.Value.GetDouble(),
        ("required" or "dependentRequired" or "minProperties" or "properties" or "additionalProperties" or "items" or "uniqueItems"
            or "minLength" or "pattern" or "minimum" or "maximum" or "exclusiveMinimum", _) => true,
        _ => throw new NotSupportedException($"The validator does not know the keyword '{rule.Name}'. Teach it, with a test."),
    };

    private static bool Is(JsonElement value, JsonElement type) => type.GetString() switch
    {
        "integer" => value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && number == Math.Floor(number),
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "object" or "array" or "string" or "number" or "null" => string.Equals(value.ValueKind.ToString(), type.GetString(), StringComparison.OrdinalIgnoreCase),
        _ => throw new NotSupportedException($"There is no type '{type}'."),
    };

    private bool Holds(JsonElement schema, JsonElement value)
    {
        var faults = new List<string>();
        Check(schema, value, "", closed: false, faults);
        return faults.Count == 0;
    }

    private JsonElement Follow(string reference)
        => reference.StartsWith("#/$defs/", StringComparison.Ordinal) ? root.GetProperty("$defs").GetProperty(reference["#/$defs/".Length..])
            : throw new NotSupportedException($"The validator follows only #/$defs/NAME, not '{reference}'.");

    private void Walk(JsonElement schema)
    {
        // Against a value of each type every rule is looked at once, and an unknown one is refused.
        foreach (var sample in new[] { "{}", "[]", "\"\"", "0", "null" })
        {
            Check(schema, JsonElement.Parse(sample), "", closed: false, []);
        }

        foreach (var name in new[] { "properties", "$defs" })
        {
            foreach (var member in schema.TryGetProperty(name, out var inner) ? inner.EnumerateObject() : default)
            {
                Walk(member.Value);
            }
        }

        foreach (var name in new[] { "items", "additionalProperties" })
        {
            if (schema.TryGetProperty(name, out var inner) && inner.ValueKind == JsonValueKind.Object)
            {
                Walk(inner);
            }
        }
    }
}
