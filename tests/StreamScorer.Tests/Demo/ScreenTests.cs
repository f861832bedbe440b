using Spectre.Console;
using StreamScorer.Demo;

namespace StreamScorer.Tests.Demo;

public sealed class ScreenTests
{
    private static readonly Reckoning Even = new(Asked: null, Snapshots.One.Counts, Consumed: 12_412, Filtered: 6);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task RunAsync_ShouldRedrawInPlace_OnATerminal()
    {
        var written = await RunAsync(new FakeTerminal(80), ColorSystemSupport.TrueColor);

        Assert.Matches("\e\\[[0-9;]*38;5;9m", written); // red
        Assert.Matches("\e\\[[0-9]+A", written); // cursor up
        Assert.Contains("a post that somebody wrote", written, StringComparison.Ordinal);
        Assert.EndsWith("\e[?25h", written, StringComparison.Ordinal); // the cursor is back
    }

    [Fact]
    public async Task RunAsync_ShouldUseNoColour_WhenNoneIsWanted()
    {
        var written = await RunAsync(new FakeTerminal(80), ColorSystemSupport.NoColors);

        Assert.DoesNotMatch("\e\\[[0-9;]*38;", written);
        Assert.Matches("\e\\[[0-9]+A", written);
    }

    [Fact]
    public async Task RunAsync_ShouldWritePlainLinesOfNumbersOnly_WhenItIsNoTerminal()
    {
        var written = await RunAsync(new FakeTerminal(80, isTerminal: false), ColorSystemSupport.TrueColor);

        var lines = written.TrimEnd('\n').Split('\n');
        Assert.Equal("console page: http://127.0.0.1:9464", lines[0]);
        Assert.All(lines[1..], line => Assert.Equal(" 1:23 | 200 posts/s (average 150) | latency p50 38 ms p95 92 ms p99 140 ms | sent 12,435 scored 12,345 dead letters 61 filtered 6 waiting 23 | flag 1,145 review 1,000", line));
    }

    [Fact]
    public void Summarise_ShouldSayThatTheCountIsEven()
    {
        var terminal = new FakeTerminal(80, isTerminal: false);

        new Screen(terminal.Console(ColorSystemSupport.TrueColor, AnsiSupport.Yes), Snapshots.Samples, TimeProvider.System).Summarise(Snapshots.One, Even);

        Assert.Equal(
            """

             12,435 posts sent, 23 of them not read when it was stopped
             12,412 consumed = 12,345 scored + 61 dead letters + 6 filtered
             10,200 allow, 1,000 review, 1,145 flag; flags: 430 fake, 1,002 hate
             1:23 at 150 posts/s; latency p50 38 ms, p95 92 ms, p99 140 ms
             Every record came out exactly once.

            """,
            string.Join('\n', terminal.Written.Split('\n').Select(line => line.TrimEnd())));
    }

    [Fact]
    public void Summarise_ShouldTellEveryFault()
    {
        var terminal = new FakeTerminal(80, isTerminal: false);

        new Screen(terminal.Console(), Snapshots.Samples, TimeProvider.System).Summarise(Snapshots.One, Even with { Consumed = 12_413, Asked = 5 });

        Assert.Contains("The count is not even:\n 5 posts were asked for and 12435 sent.", terminal.Written, StringComparison.Ordinal);
        Assert.Contains("\n 1 of 12413 consumed records have no outcome.", terminal.Written, StringComparison.Ordinal);
        Assert.DoesNotContain("exactly once", terminal.Written, StringComparison.Ordinal);
    }

    /// <summary>Stopped at once, it draws twice: at the start and at the end.</summary>
    private static async Task<string> RunAsync(FakeTerminal terminal, ColorSystemSupport colours)
    {
        using var stop = new CancellationTokenSource();
        var screen = new Screen(terminal.Console(colours, AnsiSupport.Yes), Snapshots.Samples, TimeProvider.System);

        await screen.RunAsync(
            () =>
            {
                stop.Cancel();
                return Snapshots.One;
            },
            stop.Token).WaitAsync(Limit);

        return terminal.Written;
    }
}
