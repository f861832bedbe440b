using Spectre.Console;
using Spectre.Console.Rendering;
using StreamScorer.Demo;
using StreamScorer.Shared.Contracts;

namespace StreamScorer.Tests.Demo;

public sealed class ScreenViewTests
{
    private const string Hostile = "[red]x[/] \e[2J\e]0;t\a \u202Eevil\u202C \r\n second line \u009b31m [link=http://x]y[/]";

    [Fact]
    public void Draw_ShouldShowWhatThereIsToKnow()
    {
        var lines = Lines(Snapshots.One, 80);

        Assert.Contains("minilm-moderation 1 on cpu, policy 2026-11-21.1", lines[0], StringComparison.Ordinal);
        AssertLine(lines, "posts/s", "200", "average 150", "burst");
        AssertLine(lines, "latency", "p50 38 ms", "p95 92 ms", "p99 140 ms");
        AssertLine(lines, "outcomes", "12,345 scored", "61 dead letters", "6 filtered", "23 waiting");
        AssertLine(lines, "flags", "1,002 hate  430 fake");
        AssertLine(lines, "review", "1,000", "8.1 %", "█");
        AssertLine(lines, "flag ", "hate", "0.97", "a post that somebody wrote");
        AssertLine(lines, "1:23", "page http://127.0.0.1:9464", "delivered at least once");
        AssertLine(lines, "kcat", "127.0.0.1:33445", "posts.flagged");
    }

    [Theory]
    [InlineData(20)]
    [InlineData(40)]
    [InlineData(80)]
    [InlineData(200)]
    public void Draw_ShouldFitTheScreen_WithoutWrappingOrJumping(int width)
    {
        var wide = "日本語のとても長い投稿 \U0001F600 " + new string('w', 500);
        var posts = Enumerable.Range(0, 12).Select(i => new FlaggedPost($"p{i}", Decision.Review, ["a label with a long name"], 0.5f)).ToList();
        var samples = new SamplePosts([.. posts.Select(p => new SamplePost(p.Id, wide))]);
        var empty = Snapshots.One with { LatestFlagged = [], Flags = new Dictionary<string, long>(), RateHistory = [], Latency = default, Counts = new OutcomeCounts() };

        var full = Lines(Snapshots.One with { LatestFlagged = posts }, width, samples);

        Assert.All(full, line => Assert.True(new Segment(line).CellCount() <= Math.Min(width, 120), line));
        Assert.Equal(full.Count, Lines(empty, width).Count);
        Assert.InRange(full.Count, 15, 23); // a terminal of 24 lines is common
    }

    [Fact]
    public void Draw_ShouldPrintAHostilePostAsText()
    {
        var posts = new[] { new FlaggedPost("h", Decision.Flag, [Hostile], 1) };
        var terminal = new FakeTerminal(120);

        terminal.Console().Write(new ScreenView(new SamplePosts([new SamplePost("h", Hostile)]), unicode: true)
            .Draw(Snapshots.One with { LatestFlagged = posts, Flags = new Dictionary<string, long> { [Hostile] = 1 } }, 120));

        Assert.DoesNotContain(terminal.Written, c => char.IsControl(c) && c != '\n');
        Assert.DoesNotContain(terminal.Written, c => c is >= '\u2028' and <= '\u202E');
        Assert.Contains("[red]x[/] ·[2J·]0;t· ·evil· second line ·31m [link", terminal.Written, StringComparison.Ordinal);
    }

    [Fact]
    public void Draw_ShouldHideTheWords_WhenMasked()
    {
        var lines = Lines(Snapshots.One, 120, mask: true);

        AssertLine(lines, "flag ", "a p*** t*** s******* w****");
        Assert.DoesNotContain(lines, line => line.Contains("somebody", StringComparison.Ordinal));
    }

    [Fact]
    public void Draw_ShouldKeepToAscii_WhenTheTerminalKnowsNoMore()
    {
        var terminal = new FakeTerminal(80);
        var console = terminal.Console();
        console.Profile.Capabilities.Unicode = false;

        console.Write(new ScreenView(Snapshots.Samples, unicode: false).Draw(Snapshots.One, 80));

        Assert.All(terminal.Written, c => Assert.True(char.IsAscii(c)));
        Assert.Contains("####", terminal.Written, StringComparison.Ordinal);
    }

    [Fact]
    public void Draw_ShouldSaySo_WhenAPostIsNotOurs()
        => AssertLine(Lines(Snapshots.One with { LatestFlagged = [new FlaggedPost("theirs", Decision.Flag, ["hate"], 1)] }, 80), "flag ", "(sent by someone else)");

    private static void AssertLine(List<string> lines, string start, params string[] parts)
        => Assert.Contains(lines, line => line.TrimStart().StartsWith(start, StringComparison.Ordinal) && parts.All(part => line.Contains(part, StringComparison.Ordinal)));

    private static List<string> Lines(DemoSnapshot snapshot, int width, SamplePosts? samples = null, bool mask = false)
    {
        var terminal = new FakeTerminal(width);
        terminal.Console().Write(new ScreenView(samples ?? Snapshots.Samples, unicode: true) { Mask = mask }.Draw(snapshot, width));
        return [.. terminal.Written.TrimEnd('\n').Split('\n')];
    }
}
