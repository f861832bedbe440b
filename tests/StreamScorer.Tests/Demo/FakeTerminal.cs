using System.Text;
using Spectre.Console;
using StreamScorer.Demo;
using StreamScorer.Operate;
using StreamScorer.Shared.Contracts;

namespace StreamScorer.Tests.Demo;

/// <summary>A console of a given size that writes into a string.</summary>
internal sealed class FakeTerminal(int width, bool isTerminal = true) : IAnsiConsoleOutput
{
    public TextWriter Writer { get; } = new StringWriter();

    public bool IsTerminal => isTerminal;

    public int Width => width;

    public int Height => 24;

    public string Written => Writer.ToString()!;

    public void SetEncoding(Encoding encoding)
    {
    }

    public IAnsiConsole Console(ColorSystemSupport colours = ColorSystemSupport.NoColors, AnsiSupport ansi = AnsiSupport.No)
        => AnsiConsole.Create(new AnsiConsoleSettings { Out = this, Ansi = ansi, ColorSystem = colours, Interactive = InteractionSupport.No });
}

/// <summary>A moment of a demo; a test changes what it is about.</summary>
internal static class Snapshots
{
    public static readonly SamplePosts Samples = new([new SamplePost("s:1", "a post that somebody wrote")]);

    public static readonly DemoSnapshot One = new()
    {
        Elapsed = TimeSpan.FromSeconds(83),
        Counts = new OutcomeCounts { Sent = 12_435, Scored = 12_345, DeadLettered = 61, Flagged = 2_145, Tombstones = 6 },
        Filtered = 6,
        RateHistory = [100, 120, 400, 410, 90, 100],
        IsBurst = true,
        Latency = new LatencySummary(12_406, 0.0381, 0.0921, 0.1404, 0.2),
        Decisions = new Dictionary<Decision, long> { [Decision.Allow] = 10_200, [Decision.Review] = 1_000, [Decision.Flag] = 1_145 },
        Flags = new Dictionary<string, long> { ["fake"] = 430, ["hate"] = 1_002 },
        LatestFlagged = [new FlaggedPost("s:1", Decision.Flag, ["hate"], 0.974f)],
        Title = new DemoTitle("minilm-moderation 1", "cpu", "2026-11-21.1", "at least once", "127.0.0.1:33445", "posts.flagged", "http://127.0.0.1:9464"),
    };
}
