using System.Text.Json;
using System.Text.Json.Serialization;
using StreamScorer.Shared.Judge;

namespace StreamScorer.Shared.Bundle;

/// <summary>Serializers of a bundle's files, generated at compile time. Unknown and doubled members are refused.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    AllowDuplicateProperties = false,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    ReadCommentHandling = JsonCommentHandling.Disallow,
    WriteIndented = true,
    NewLine = "\n")]
[JsonSerializable(typeof(BundleManifest))]
[JsonSerializable(typeof(PolicyFile))]
public sealed partial class BundleJson : JsonSerializerContext;
