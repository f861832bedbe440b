using System.Text;
using System.Text.Json.Nodes;
using StreamScorer.Operate;
using StreamScorer.Operate.Page;
using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Contracts;

namespace StreamScorer.Tests.Operate.Page;

public sealed class PageFeedTests : IAsyncDisposable
{
    private static readonly ModelBundle Bundle = ModelBundle.Open(Repository.DefaultBundle);

    private readonly ManualTime _time = new();
    private readonly Telemetry _telemetry;
    private readonly PageFeed _feed;
    private int _built;

    public PageFeedTests()
    {
        _telemetry = new Telemetry(_time);
        var source = new PageSource(
            Facts, _telemetry, new HealthState(new OperateOptions(), _time), new ScoreHistograms(Bundle.Manifest.Heads, Bundle.Policy), new LatestPosts(TextDisplay.Hidden, _time), () => 100 + _built++, _time);
        _feed = new PageFeed(source, maxViewers: 2);
    }

    public async ValueTask DisposeAsync()
    {
        await _feed.DisposeAsync();
        _telemetry.Dispose();
    }

    [Fact]
    public async Task Enter_ShouldTellFactsHistoryAndTheLatestNumbers_HoweverLateTheBrowserReads()
    {
        Outcomes(10);
        Second();
        using var viewer = _feed.Enter()!;
        Outcomes(1);
        Second();
        Second();

        await using var messages = viewer.MessagesAsync(CancellationToken.None).GetAsyncEnumerator();
        Assert.True(await messages.MoveNextAsync());
        var frame = Encoding.UTF8.GetString(messages.Current.Span);
        var (hello, snapshot) = (Data(frame, "hello"), Data(frame, "snapshot"));
        Assert.True(await messages.MoveNextAsync());
        Assert.Equal(11, (long)Data(Encoding.UTF8.GetString(messages.Current.Span), "snapshot")["totals"]!["scored"]!);

        Assert.Equal("m", (string?)hello["facts"]!["model"]!["name"]);
        Assert.Equal("hidden", (string?)hello["facts"]!["texts"]);
        Assert.Single(hello["history"]!.AsArray());
        Assert.Equal(10, (long)snapshot["totals"]!["scored"]!);
        Assert.StartsWith("retry: 2000\n", frame, StringComparison.Ordinal);
    }

    [Fact]
    public void Tick_ShouldMakeOneMessageForAll_AndNoneWhenNobodyWatches()
    {
        Second();
        Assert.Equal(0, _built);
        using var one = _feed.Enter()!;
        using var two = _feed.Enter()!;
        _built = 0;

        Second();

        Assert.Equal(1, _built);
        Assert.Equal(Latest(one), Latest(two));
    }

    [Fact]
    public void Tick_ShouldTellRatesAndAges_OfTheLastSeconds()
    {
        using var viewer = _feed.Enter()!;
        for (var i = 0; i < 4; i++)
        {
            Outcomes(30, age: 0.2);
            Second();
        }

        var sample = Event(viewer, "snapshot")["sample"]!;

        Assert.Equal(30, (double)sample["rate"]!);
        Assert.Equal(0.2, (double)sample["p50"]!, 0.004);
        for (var i = 0; i < 6; i++)
        {
            Second();
        }

        sample = Event(viewer, "snapshot")["sample"]!;
        Assert.Equal((0.0, null), ((double)sample["rate"]!, sample["p99"]));
    }

    [Fact]
    public void Tick_ShouldTellStepsAndModelCalls_OfTheLastMinuteOnly()
    {
        using var viewer = _feed.Enter()!;
        _telemetry.Step("infer", 55);
        _telemetry.TokenBatch(4, 1_000, 1_000);
        Second();
        Assert.True((double)Steps(viewer)["infer"]! > 1);
        for (var i = 0; i < 60; i++)
        {
            Second();
        }

        _telemetry.Step("infer", 30);
        _telemetry.TokenBatch(rows: 2, tokens: 48, paddedTokens: 64);
        Outcomes(100);
        Second();

        var news = Event(viewer, "snapshot");
        var infer = news["steps"]!.AsArray().Single(step => (string?)step!["step"] == "infer")!;
        Assert.Equal((0.5, 0.3), ((double)infer["busy"]!, (double)infer["per_post"]!));
        Assert.Equal([6], news["batches"]!["by_tokens"]!.AsArray().Select((n, i) => ((long)n!, i)).Where(x => x.Item1 > 0).Select(x => x.i));
        Assert.Equal((48.0, 2.0, 0.25), ((double)news["batches"]!["mean_tokens"]!, (double)news["batches"]!["mean_rows"]!, (double)news["batches"]!["padding"]!));
    }

    [Fact]
    public void Tick_ShouldTellLagPerPartition_AndHowManyAreLeftOut()
    {
        using var viewer = _feed.Enter()!;
        for (var partition = 0; partition < 60; partition++)
        {
            _telemetry.Lag("posts", partition, partition);
        }

        _telemetry.Unassigned("posts", 59);
        _telemetry.Consumed("posts", 58);
        Second();

        var news = Event(viewer, "snapshot");
        Assert.Equal(12, (int)news["more_partitions"]!);
        var first = news["partitions"]![0]!;
        Assert.Equal((58, 58L, 1L, 1L), ((int)first["partition"]!, (long)first["lag"]!, (long)first["consumed"]!, (long)first["in_flight"]!));
    }

    [Fact]
    public void Tick_ShouldTellWhatWasGivenUp_ApartFromWhatIsInFlight()
    {
        using var viewer = _feed.Enter()!;
        Outcomes(5);
        _telemetry.Consumed("posts", 0);
        _telemetry.Consumed("posts", 0);
        _telemetry.Voided("posts", 0);
        Second();

        var news = Event(viewer, "snapshot");
        var totals = news["totals"]!;
        Assert.Equal((7L, 5L, 1L, 1L), ((long)totals["consumed"]!, (long)totals["scored"]!, (long)totals["voided"]!, (long)totals["in_flight"]!));
        Assert.Equal(1L, (long)news["partitions"]![0]!["in_flight"]!);
    }

    [Fact]
    public void Enter_ShouldRefuse_WhenTooManyWatch_UntilOneLeaves()
    {
        var one = _feed.Enter()!;
        using var two = _feed.Enter();
        Assert.Null(_feed.Enter());

        one.Dispose();

        using var three = _feed.Enter();
        Assert.NotNull(three);
        Assert.Equal(2, _feed.Viewers);
    }

    [Fact]
    public void Tick_ShouldKeepTheNewestOnly_ForABrowserThatCannotFollow()
    {
        using var viewer = _feed.Enter()!;
        Outcomes(1);
        Second();
        Outcomes(1);
        Second();

        Assert.Equal(2, (long)Event(viewer, "snapshot")["totals"]!["scored"]!);
        Assert.False(viewer.Frames.TryRead(out _));
    }

    [Fact]
    public async Task DisposeAsync_ShouldEndTheStreams_AndLetNobodyIn()
    {
        using var viewer = _feed.Enter()!;
        Second();
        Latest(viewer);

        await _feed.DisposeAsync();

        await viewer.Frames.Completion.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Null(_feed.Enter());
    }

    private static PageFacts Facts() => new()
    {
        Program = "1",
        Runtime = "r",
        Model = new ModelIdentity("m", "1", "00"),
        Device = "cpu",
        DeviceReason = "",
        MaxTokens = 256,
        Policy = "p",
        Topic = "posts",
        Group = "g",
        Texts = TextDisplay.Hidden,
        Labels = [],
    };

    private static string Latest(PageFeed.Viewer viewer)
    {
        Assert.True(viewer.Frames.TryRead(out var frame));
        return Encoding.UTF8.GetString(frame.Span);
    }

    private static JsonNode Event(PageFeed.Viewer viewer, string name) => Data(Latest(viewer), name);

    private static JsonNode Data(string frame, string name)
    {
        var start = $"event: {name}\ndata: ";
        var line = frame[(frame.IndexOf(start, StringComparison.Ordinal) + start.Length)..];
        return JsonNode.Parse(line[..line.IndexOf("\n\n", StringComparison.Ordinal)])!;
    }

    private static Dictionary<string, JsonNode?> Steps(PageFeed.Viewer viewer)
        => Event(viewer, "snapshot")["steps"]!.AsArray().ToDictionary(step => (string)step!["step"]!, step => step!["busy"]);

    private void Outcomes(int count, double age = 0.01)
    {
        for (var i = 0; i < count; i++)
        {
            _telemetry.Consumed("posts", 0);
            _telemetry.Scored("posts", 0, Decision.Allow);
            _telemetry.EndToEnd(age, age);
        }
    }

    private void Second()
    {
        _time.Advance(TimeSpan.FromSeconds(1));
        _feed.Tick();
    }
}
