using StreamScorer.Shared.Contracts;

namespace StreamScorer.Demo;

/// <summary>One moment of the demo as a line without colours.</summary>
internal static class PlainLine
{
    public static string Of(DemoSnapshot now)
    {
        var counts = now.Counts;
        var latency = now.Latency.Count == 0 ? "latency -"
            : $"latency p50 {Figures.Milliseconds(now.Latency.P50)} p95 {Figures.Milliseconds(now.Latency.P95)} p99 {Figures.Milliseconds(now.Latency.P99)}";
        return string.Join(" | ",
            Figures.Elapsed(now.Elapsed).PadLeft(5),
            $"{Figures.Rate(now.RateNow)} posts/s (average {Figures.Rate(now.RateAverage)})",
            latency,
            $"sent {Figures.Count(counts.Sent)} scored {Figures.Count(counts.Scored)} dead letters {Figures.Count(counts.DeadLettered)} filtered {Figures.Count(now.Filtered)} waiting {Figures.Count(counts.Waiting)}",
            $"flag {Figures.Count(now.Decisions[Decision.Flag])} review {Figures.Count(now.Decisions[Decision.Review])}");
    }
}
