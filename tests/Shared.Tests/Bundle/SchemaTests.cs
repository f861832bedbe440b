using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Encode;

namespace Shared.Tests.Bundle;

/// <summary>The published schemas name the members that the program reads, and demand those that it demands.</summary>
public sealed class SchemaTests
{
    [Fact]
    public void ManifestSchema_ShouldHaveTheMembersOfTheManifest()
    {
        var schema = Schema("manifest.schema.json");

        AssertSame(BundleJson.Default.BundleManifest, schema);
        AssertSame(BundleJson.Default.EncoderManifest, schema["properties"]!["encoder"]!);
        AssertSame(BundleJson.Default.TokenizerSettings, schema["properties"]!["tokenizer"]!);
        AssertSame(BundleJson.Default.SegmentSettings, schema["properties"]!["segments"]!);
        AssertSame(BundleJson.Default.HeadManifest, schema["properties"]!["heads"]!["items"]!);
        AssertSame(BundleJson.Default.FileManifest, schema["properties"]!["files"]!["items"]!);
        AssertSame(BundleJson.Default.TrainingManifest, schema["properties"]!["training"]!);
        AssertSame(BundleJson.Default.TrainingSource, schema["properties"]!["training"]!["properties"]!["sources"]!["items"]!);
        AssertSame(BundleJson.Default.MetricsManifest, schema["properties"]!["metrics"]!);
        AssertSame(BundleJson.Default.HeadMetrics, schema["properties"]!["metrics"]!["properties"]!["heads"]!["additionalProperties"]!);
        var quantization = schema["properties"]!["metrics"]!["properties"]!["quantization"]!;
        AssertSame(BundleJson.Default.QuantizationManifest, quantization);
        AssertSame(BundleJson.Default.QuantizedHead, quantization["properties"]!["variants"]!["additionalProperties"]!["additionalProperties"]!);
        AssertSame(BundleJson.Default.VariantManifest, schema["$defs"]!["variant"]!);
    }

    [Fact]
    public void PolicySchema_ShouldHaveTheMembersOfAPolicy()
    {
        var schema = Schema("policy.schema.json");
        var rule = schema["$defs"]!["rule"]!;

        AssertSame(BundleJson.Default.PolicyFile, schema);
        AssertSame(BundleJson.Default.PolicyRule, rule);
        AssertSame(BundleJson.Default.PolicyThresholds, rule["properties"]!["languages"]!["additionalProperties"]!);
        var calibration = schema["$defs"]!["calibration"]!;
        AssertSame(BundleJson.Default.PolicyCalibration, calibration);
        AssertSame(BundleJson.Default.CalibrationData, calibration["properties"]!["data"]!);
        var head = calibration["properties"]!["heads"]!["additionalProperties"]!;
        AssertSame(BundleJson.Default.HeadCalibration, head);
        AssertSame(BundleJson.Default.CalibrationFigures, schema["$defs"]!["figures"]!);
        AssertSame(BundleJson.Default.LabelCalibration, head["properties"]!["labels"]!["additionalProperties"]!);
        AssertSame(BundleJson.Default.ThresholdFigures, schema["$defs"]!["reached"]!);
        AssertSame(BundleJson.Default.CurvePoint, schema["$defs"]!["point"]!);
    }

    [Fact]
    public void Schemas_ShouldHaveTheEnumValues()
    {
        var manifest = Schema("manifest.schema.json");

        AssertValues<HeadKind>(manifest["properties"]!["heads"]!["items"]!["properties"]!["kind"]!);
        AssertValues<SegmentAggregate>(manifest["properties"]!["segments"]!["properties"]!["aggregate"]!);
        AssertValues<GraphLayout>(manifest["$defs"]!["variant"]!["properties"]!["layout"]!);
        AssertValues<GraphPrecision>(manifest["$defs"]!["variant"]!["properties"]!["precision"]!);
    }

    private static void AssertSame(JsonTypeInfo type, JsonNode schema)
    {
        Assert.False((bool)schema["additionalProperties"]!);
        Assert.Equal(type.Properties.Select(member => member.Name).Order(), schema["properties"]!.AsObject().Select(member => member.Key).Order());
        Assert.Equal(
            type.Properties.Where(member => member.IsRequired || member.AssociatedParameter is { HasDefaultValue: false, IsMemberInitializer: false }).Select(member => member.Name).Order(),
            (schema["required"]?.AsArray() ?? []).Select(name => (string)name!).Order());
    }

    private static void AssertValues<T>(JsonNode schema)
        where T : struct, Enum =>
        Assert.Equal(Enum.GetNames<T>().Select(name => name.ToLowerInvariant()), schema["enum"]!.AsArray().Select(value => (string)value!));

    private static JsonNode Schema(string name) => JsonNode.Parse(File.ReadAllText(Repository.PathOf("docs", "schemas", name)))!;
}
