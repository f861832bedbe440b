using StreamScorer.Shared.Contracts;

namespace StreamScorer.Demo;

/// <summary>What the demo shows at one moment. Durations of latencies in seconds.</summary>
internal sealed record DemoSnapshot
{
    public required TimeSpan Elapsed { get; init; }

    public required OutcomeCounts Counts { get; init; }

    /// <summary>Records without a value, by the worker's own count.</summary>
    public required long Filtered { get; init; }

    /// <summary>Outcomes per second of the last full seconds, oldest first.</summary>
    public required IReadOnlyList<long> RateHistory { get; init; }

    public required bool IsBurst { get; init; }

    public required Operate.LatencySummary Latency { get; init; }

    public required IReadOnlyDictionary<Decision, long> Decisions { get; init; }

    public required IReadOnlyDictionary<string, long> Flags { get; init; }

    /// <summary>Newest first.</summary>
    public required IReadOnlyList<FlaggedPost> LatestFlagged { get; init; }

    public required DemoTitle Title { get; init; }

    /// <summary>Mean of the last three full seconds: one alone jumps with the micro-batches.</summary>
    public double RateNow => RateHistory.Count == 0 ? 0 : RateHistory.TakeLast(3).Average();

    /// <summary>Outcomes per second since the start.</summary>
    public double RateAverage => Elapsed > TimeSpan.Zero ? (Counts.Outcomes + Filtered) / Elapsed.TotalSeconds : 0;
}

/// <summary>What stays the same while the demo runs.</summary>
/// <param name="Delivery">In words: the embedded broker lacks what exactly once needs.</param>
/// <param name="PageUrl">Null: there is no console page.</param>
internal sealed record DemoTitle(string Model, string Device, string Policy, string Delivery, string BootstrapServers, string FlaggedTopic, string? PageUrl);
