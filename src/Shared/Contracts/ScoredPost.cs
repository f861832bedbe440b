using System.Text.Json.Serialization;

namespace StreamScorer.Shared.Contracts;

/// <summary>
/// One record of <c>posts.scored</c>, and of <c>posts.flagged</c> when the decision is not <c>allow</c>.
/// Published as <c>docs/schemas/scored.schema.json</c>. Names here are a contract: fields may be added, none renamed.
/// </summary>
public sealed record ScoredPost
{
    public required string Id { get; init; }

    /// <summary>Deterministic: hash of source topic, partition, offset and model version. Null outside a stream.</summary>
    public string? ResultId { get; init; }

    public RecordSource? Source { get; init; }

    public required IReadOnlyDictionary<string, HeadScore> Heads { get; init; }

    public required IReadOnlyList<string> Flags { get; init; }

    public required Decision Decision { get; init; }

    public required IReadOnlyList<Why> Why { get; init; }

    public required TextInfo Text { get; init; }

    public string? Language { get; init; }

    public required ModelIdentity Model { get; init; }

    /// <summary>Version of the policy that decided.</summary>
    public required string Policy { get; init; }

    public required Timing Timing { get; init; }
}

/// <summary>Where the record came from. Timestamp in Unix milliseconds.</summary>
public sealed record RecordSource(string Topic, int Partition, long Offset, long Timestamp);

/// <summary>What one head says: its chosen label, and every label's probability in training order.</summary>
/// <param name="Label">Softmax: the most probable label. Sigmoid: null.</param>
/// <param name="Labels">Sigmoid: the labels at 0.5 or above. Softmax: null.</param>
public sealed record HeadScore(string? Label, IReadOnlyList<string>? Labels, IReadOnlyDictionary<string, float> Probabilities);

/// <summary>One reason for a decision: a label whose probability reached a threshold of the policy.</summary>
/// <param name="Margin">Probability minus threshold.</param>
/// <param name="Band">The band it fell into, <c>review</c> or <c>flag</c>.</param>
public sealed record Why(string Head, string Label, float Probability, float Threshold, float Margin, Decision Band);

/// <param name="Tokens">Token ids given to the model, [CLS] and [SEP] of every segment counted.</param>
/// <param name="Truncated">The text was longer than the model's limit, or than its segments hold, and its tail was not read.</param>
/// <param name="Segments">Pieces the text was scored in.</param>
/// <param name="Normalised">Normalisations that changed the text.</param>
public sealed record TextInfo(int Tokens, bool Truncated, int Segments, IReadOnlyList<string> Normalised);

public sealed record ModelIdentity(string Name, string Version, string Sha256);

/// <summary>Unix milliseconds for points in time, milliseconds for spans.</summary>
/// <param name="QueueMs">From consumed to the start of its model call.</param>
/// <param name="InferMs">Duration of the model call it was part of; of a text in segments from the first such call to the end of the last.</param>
public sealed record Timing(long? CreatedAt, long? ConsumedAt, long ScoredAt, double QueueMs, double InferMs);

/// <summary>What the policy decides about a post, in rising order.</summary>
[JsonConverter(typeof(SnakeCaseEnumConverter<Decision>))]
public enum Decision
{
    Allow,
    Review,
    Flag,
}

/// <summary>What <c>streamscorer score</c> prints for a line that cannot be scored.</summary>
public sealed record RejectedPost(string? Id, Reject Rejected);
