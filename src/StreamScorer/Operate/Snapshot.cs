using StreamScorer.Shared.Contracts;

namespace StreamScorer.Operate;

/// <summary>
/// Totals since the process began, and latencies of the last seconds. Read while the pipeline runs, so records whose outcome comes
/// during the read may be in one total and not yet in another; at rest it is exact.
/// </summary>
internal sealed record Snapshot
{
    public required TimeSpan Uptime { get; init; }

    public required long Consumed { get; init; }

    public required long Scored { get; init; }

    public required long DeadLettered { get; init; }

    public required long Filtered { get; init; }

    /// <summary>Consumed and given up before they had an outcome, because their transaction was aborted or their partition left: read again, by this worker or another.</summary>
    public required long Voided { get; init; }

    public required IReadOnlyDictionary<Decision, long> Decisions { get; init; }

    /// <summary>Every reason, those that did not occur at 0.</summary>
    public required IReadOnlyDictionary<RejectReason, long> DeadLetters { get; init; }

    public required IReadOnlyDictionary<string, long> FilteredBy { get; init; }

    public required IReadOnlyDictionary<string, long> Flags { get; init; }

    public required long MicroBatches { get; init; }

    /// <summary>Tokens given to the model, and padding beside them.</summary>
    public required (long Real, long Padding) Tokens { get; init; }

    public required TokenBatchSizes TokenBatches { get; init; }

    /// <summary>Time that each step took, summed over micro-batches. Steps run beside each other, so the sum of all can pass the uptime.</summary>
    public required IReadOnlyDictionary<string, double> StepSeconds { get; init; }

    /// <summary>Records behind the end of the partitions that are ours and whose lag is known.</summary>
    public required long Lag { get; init; }

    /// <summary>From the record's timestamp to its acknowledged outcome.</summary>
    public required LatencySummary EndToEnd { get; init; }

    /// <summary>From consumed to the acknowledged outcome.</summary>
    public required LatencySummary InProcess { get; init; }

    public long Outcomes => Scored + DeadLettered + Filtered;

    /// <summary>Records that came in, less those that have an outcome or were given up; at rest 0, or something was lost.</summary>
    public long Unsettled => Consumed - Outcomes - Voided;
}
