using System.Text.Json.Serialization;

namespace StreamScorer.Operate.Page;

/// <summary>What the page shows, once a second. Shares are fractions, durations seconds, points in time Unix milliseconds.</summary>
internal sealed record PageSnapshot
{
    public required PageSample Sample { get; init; }

    public required double Uptime { get; init; }

    public required bool Ready { get; init; }

    /// <summary>Checks that fail, each in one sentence.</summary>
    public required IReadOnlyList<string> Faults { get; init; }

    public required PageTotals Totals { get; init; }

    public required IReadOnlyDictionary<string, long> Decisions { get; init; }

    public required IReadOnlyDictionary<string, long> Flags { get; init; }

    /// <summary>By reason; those that did not occur are left out.</summary>
    public required IReadOnlyDictionary<string, long> DeadLetters { get; init; }

    public required IReadOnlyList<PagePartition> Partitions { get; init; }

    /// <summary>Partitions of smaller lag that are not in the list.</summary>
    public required int MorePartitions { get; init; }

    /// <summary>Of the last minute.</summary>
    public required IReadOnlyList<PageStep> Steps { get; init; }

    /// <summary>Of the last minute.</summary>
    public required PageBatches Batches { get; init; }

    public required IReadOnlyList<LabelScores> Scores { get; init; }

    public required IReadOnlyList<FlaggedLine> Flagged { get; init; }

    public required IReadOnlyList<DeadLetterLine> Dead { get; init; }
}

/// <summary>One point of the charts.</summary>
/// <param name="Rate">Outcomes a second, over the last three seconds: micro-batches end in lumps.</param>
/// <param name="P50">Ages of the outcomes of the last five seconds; null when there were none.</param>
internal sealed record PageSample(long Time, double Rate, double? P50, double? P95, double? P99);

/// <param name="Voided">Given up before they had an outcome; they are read again.</param>
/// <param name="InFlight">Consumed, neither given up nor with an outcome.</param>
/// <param name="ReadAhead">Fetched, and not yet consumed.</param>
/// <param name="Lag">Behind what was fetched.</param>
internal sealed record PageTotals(long Consumed, long Scored, long DeadLettered, long Filtered, long Voided, long InFlight, long ReadAhead, long Lag);

/// <param name="Lag">Null: not ours, or not known.</param>
internal sealed record PagePartition(string Topic, int Partition, long Consumed, long InFlight, long? Lag);

/// <param name="Busy">Share of the time in which the step worked. Steps work beside each other, so it is not a share of a whole.</param>
/// <param name="PerPost">Seconds.</param>
internal sealed record PageStep(string Step, double Busy, double PerPost);

/// <param name="ByTokens">Calls by powers of two, as <see cref="TokenBatchSizes.ByTokens"/>.</param>
/// <param name="Padding">Share of what the device computed.</param>
internal sealed record PageBatches(IReadOnlyList<long> ByTokens, double CallsPerSecond, double MeanTokens, double MeanRows, double Padding);

/// <summary>The first event of a stream.</summary>
internal sealed record PageHello(PageFacts Facts, IReadOnlyList<PageSample> History);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(PageHello))]
[JsonSerializable(typeof(PageSnapshot))]
[JsonSerializable(typeof(TrialResult))]
[JsonSerializable(typeof(TrialRefusal))]
internal sealed partial class PageJson : JsonSerializerContext;
