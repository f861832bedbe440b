using System.Text.Json;
using System.Text.Json.Serialization;

namespace StreamScorer.Shared.Contracts;

/// <summary>Serializers of the output contracts, generated at compile time. One line a record, nulls left out.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ScoredPost))]
[JsonSerializable(typeof(RejectedPost))]
public sealed partial class ContractsJson : JsonSerializerContext;

/// <summary>Enum values as snake_case strings; numbers are refused.</summary>
public sealed class SnakeCaseEnumConverter<T>() : JsonStringEnumConverter<T>(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false)
    where T : struct, Enum;
