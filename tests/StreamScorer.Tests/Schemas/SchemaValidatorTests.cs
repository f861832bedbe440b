using System.Text.Json;

namespace StreamScorer.Tests.Schemas;

public sealed class SchemaValidatorTests
{
    [Theory]
    [InlineData("""{"type": "integer"}""", "3.0", true)]
    [InlineData("""{"type": "integer"}""", "3.5", false)]
    [InlineData("""{"type": ["string", "null"]}""", "null", true)]
    [InlineData("""{"type": ["string", "null"]}""", "true", false)]
    [InlineData("""{"type": "boolean"}""", "false", true)]
    [InlineData("""{"enum": ["a", 1]}""", "1", true)]
    [InlineData("""{"enum": ["a", 1]}""", "\"1\"", false)]
    [InlineData("""{"required": ["a"]}""", """{"b": 1}""", false)]
    [InlineData("""{"required": ["a"]}""", "7", true)]
    [InlineData("""{"properties": {"a": {"minimum": 2}}}""", """{"a": 1}""", false)]
    [InlineData("""{"properties": {"a": true}, "additionalProperties": false}""", """{"b": 1}""", false)]
    [InlineData("""{"properties": {"a": true}, "additionalProperties": {"type": "string"}}""", """{"a": 1, "b": "x"}""", true)]
    [InlineData("""{"dependentRequired": {"a": ["b"]}}""", """{"a": 1}""", false)]
    [InlineData("""{"dependentRequired": {"a": ["b"]}}""", """{"c": 1}""", true)]
    [InlineData("""{"items": {"type": "number"}}""", "[1, \"a\"]", false)]
    [InlineData("""{"uniqueItems": true}""", "[1, 2, 1]", false)]
    [InlineData("""{"minProperties": 1}""", "{}", false)]
    [InlineData("""{"minLength": 2}""", "\"👍\"", false)]
    [InlineData("""{"pattern": "^a"}""", "\"ba\"", false)]
    [InlineData("""{"pattern": "a"}""", "\"ba\"", true)]
    [InlineData("""{"maximum": 1}""", "1.01", false)]
    [InlineData("""{"exclusiveMinimum": 0}""", "0", false)]
    [InlineData("""{"oneOf": [{"required": ["a"]}, {"required": ["b"]}]}""", """{"a": 1, "b": 1}""", false)]
    [InlineData("""{"oneOf": [{"required": ["a"]}, {"required": ["b"]}]}""", """{"a": 1}""", true)]
    [InlineData("""{"$ref": "#/$defs/n", "$defs": {"n": {"type": "number"}}}""", "\"a\"", false)]
    public void Validate_ShouldFollowTheSpecification(string schema, string value, bool valid)
        => Assert.Equal(valid, new SchemaValidator(JsonElement.Parse(schema)).Validate(JsonElement.Parse(value)).Count == 0);

    [Theory]
    [InlineData("""{"minItems": 1}""")]
    [InlineData("""{"properties": {"a": {"format": "date-time"}}}""")]
    [InlineData("""{"$defs": {"a": {"items": {"requierd": []}}}}""")]
    public void RefuseUnknownKeywords_ShouldThrow_WhenAKeywordIsNotKnown(string schema)
        => Assert.Throws<NotSupportedException>(() => new SchemaValidator(JsonElement.Parse(schema)).RefuseUnknownKeywords());
}
