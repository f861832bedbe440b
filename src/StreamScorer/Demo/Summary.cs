using Spectre.Console;
using Spectre.Console.Rendering;

namespace StreamScorer.Demo;

/// <summary>The block at the end of the demo: totals, and whether every record came out exactly once.</summary>
internal static class Summary
{
    public static IRenderable Of(DemoSnapshot last, Reckoning reckoning)
    {
        var faults = reckoning.Faults();
        var counts = reckoning.Counts;
        return new Rows(
        [
            Line(" "),
            Line($" {Figures.Count(counts.Sent)} posts sent{Unread(counts.Sent - counts.SendFailures - reckoning.Consumed)}"),
            Line($" {Figures.Count(reckoning.Consumed)} consumed = {Figures.Count(counts.Scored)} scored + {Figures.Count(counts.DeadLettered)} dead letters + {Figures.Count(reckoning.Filtered)} filtered"),
            Line($" {string.Join(", ", last.Decisions.OrderBy(d => d.Key).Select(d => $"{Figures.Count(d.Value)} {Figures.Name(d.Key)}"))}{Flags(last)}"),
            Line($" {Figures.Elapsed(last.Elapsed)} at {Figures.Rate(last.RateAverage)} posts/s{Latency(last)}"),
            .. faults.Count == 0
                ? [Line(" Every record came out exactly once.", Color.Green)]
                : faults.Select(fault => Line($" {fault}", Color.Red)).Prepend(Line(" The count is not even:", Color.Red)),
        ]);
    }

    private static string Unread(long count) => count > 0 ? $", {Figures.Count(count)} of them not read when it was stopped" : "";

    private static string Flags(DemoSnapshot last)
        => last.Flags.Count == 0 ? "" : $"; flags: {string.Join(", ", last.Flags.Select(f => $"{Figures.Count(f.Value)} {TerminalText.Clean(f.Key, 30)}"))}";

    private static string Latency(DemoSnapshot last) => last.Latency.Count == 0 ? ""
        : $"; latency p50 {Figures.Milliseconds(last.Latency.P50)}, p95 {Figures.Milliseconds(last.Latency.P95)}, p99 {Figures.Milliseconds(last.Latency.P99)}";

    private static Text Line(string text, Color? colour = null) => new(text, colour is { } given ? new Style(given, decoration: Decoration.Bold) : null);
}
