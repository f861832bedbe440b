using System.Text.Json.Serialization;
using StreamScorer.Shared.Contracts;

namespace StreamScorer.Shared.Encode;

/// <summary>How a text that is too long for the model is read whole: in segments that overlap, whose logits become one. A manifest says all of it.</summary>
public sealed record SegmentSettings
{
    /// <summary>A text of so many costs the model seconds.</summary>
    private const int LargestMost = 1024;

    /// <summary>Tokens that a segment shares with the one before it, about; at most half of what a segment holds. Default 32.</summary>
    [JsonRequired]
    public int Overlap { get; init; } = 32;

    /// <summary>Segments of a text at most, each as dear as a short text; what is beyond them is cut. Default 8.</summary>
    [JsonRequired]
    public int Most { get; init; } = 8;

    /// <summary>Default <see cref="SegmentAggregate.Mean"/>.</summary>
    [JsonRequired]
    public SegmentAggregate Aggregate { get; init; } = SegmentAggregate.Mean;

    /// <summary>What cannot be; each a clause that begins with the member's name, without a full stop.</summary>
    /// <param name="maxTokens">Token ids of a row at most, [CLS] and [SEP] counted.</param>
    public IEnumerable<string> Faults(int maxTokens)
    {
        // Each segment must add at least as much as it repeats.
        var largest = Math.Max(0, (maxTokens - 2) / 2);
        if (Overlap < 0 || Overlap > largest)
        {
            yield return $"overlap is {Overlap} and must lie between 0 and {largest}, half of the {maxTokens} tokens of a segment";
        }

        if (Most is < 2 or > LargestMost)
        {
            yield return $"most is {Most} and must lie between 2 and {LargestMost}";
        }
    }
}

/// <summary>What the logits of a text are, given those of its segments.</summary>
[JsonConverter(typeof(SnakeCaseEnumConverter<SegmentAggregate>))]
public enum SegmentAggregate
{
    /// <summary>Each logit's mean over the segments, which for probabilities is their geometric mean: what the text says as a whole.</summary>
    Mean,

    /// <summary>
    /// What the text says anywhere. A sigmoid head: each label's largest probability. A softmax head of two labels, of which the first means no: the largest
    /// probability of the second. A softmax head of more: each label's largest probability, scaled to a sum of 1 again; there the first label has no
    /// special place, so one that means "none of the others" drowns them, and Mean serves it better.
    /// </summary>
    Max,
}
