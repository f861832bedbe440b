using System.Text.Json;
using System.Text.RegularExpressions;

namespace StreamScorer.Shared.Bundle;

/// <summary>JSON errors in one clause for people. The serializer's own messages speak of .NET types.</summary>
public static partial class JsonFaults
{
    /// <summary>What is wrong, at which path and line, counted from 1; without a full stop.</summary>
    public static string Describe(JsonException e)
    {
        var message = Location().Replace(e.Message, "").TrimEnd('.', ' ').ReplaceLineEndings(" ");
        var fault = message switch
        {
            _ when Unknown().Match(message) is { Success: true } match => $"member {match.Groups[1]} is unknown",
            _ when Missing().Match(message) is { Success: true } match => $"it misses {match.Groups[1]}",
            _ when Doubled().Match(message) is { Success: true } match => $"member {match.Groups[1]} is there twice",
            _ when Null().Match(message) is { Success: true } match => $"{match.Groups[1]} must not be null",
            _ when message.StartsWith("The JSON value could not be converted", StringComparison.Ordinal) => "the value is of another type than it must be",
            _ => message,
        };
        var path = e.Path is null or "$" ? "" : $" at {e.Path}";
        return e.LineNumber is { } line ? $"{fault}{path} (line {line + 1})" : fault + path;
    }

    [GeneratedRegex(@"\s*(Path: \S+ \| )?LineNumber: .*$", RegexOptions.Singleline)]
    private static partial Regex Location();

    [GeneratedRegex("^The JSON property ('.*') could not be mapped to any")]
    private static partial Regex Unknown();

    [GeneratedRegex("missing required properties including: (.*)$")]
    private static partial Regex Missing();

    [GeneratedRegex("^Duplicate property ('.*') encountered")]
    private static partial Regex Doubled();

    [GeneratedRegex("^(?:The property or field|The constructor parameter) ('[^']*') on type .* null")]
    private static partial Regex Null();
}
