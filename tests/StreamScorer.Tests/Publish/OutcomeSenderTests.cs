using StreamScorer.Operate;
using StreamScorer.Publish;
using StreamScorer.Shared.Contracts;
using StreamScorer.Shared.Judge;
using StreamScorer.Tests.Operate;

namespace StreamScorer.Tests.Publish;

public sealed class OutcomeSenderTests : IDisposable
{
    private static readonly Verdict Flag = new(
        new Dictionary<string, HeadScore>(), ["hate"], Decision.Flag,
        [new Why("hate", "hate", 0.9f, 0.8f, 0.1f, Decision.Flag), new Why("fake", "fake", 0.7f, 0.6f, 0.1f, Decision.Review)], "1");

    private readonly ManualTime _time = new();
    private readonly Telemetry _telemetry;
    private readonly MetricsPage _page;
    private readonly OutcomeSender _sender;

    public OutcomeSenderTests()
    {
        _telemetry = new Telemetry(_time);
        _page = new MetricsPage(_telemetry);
        _sender = new OutcomeSender(_telemetry, _time);
    }

    public void Dispose()
    {
        _page.Dispose();
        _telemetry.Dispose();
    }

    [Fact]
    public void Count_ShouldTellHowOldAPostWasWhenItWasFlagged()
    {
        var created = _time.GetUtcNow().AddSeconds(-40).ToUnixTimeMilliseconds();

        _sender.Count([Scored(Flag, created), Scored(Flag, created: null)]);

        Assert.Contains("streamscorer_post_age_seconds_sum{decision=\"flag\"} 40", Lines());
        Assert.Contains("streamscorer_post_age_seconds_count{decision=\"flag\"} 1", Lines());
    }

    [Fact]
    public void Count_ShouldTakeAPostFromTheFutureAsNew()
    {
        _sender.Count([Scored(Flag, _time.GetUtcNow().AddDays(1).ToUnixTimeMilliseconds())]);

        Assert.Contains("streamscorer_post_age_seconds_sum{decision=\"flag\"} 0", Lines());
    }

    [Fact]
    public void Count_ShouldTellWhichHeadsReachedWhichThreshold()
    {
        _sender.Count([Scored(Flag, null), Scored(Flag, null)]);

        Assert.Contains("streamscorer_threshold_crossings_total{band=\"flag\",head=\"hate\",label=\"hate\"} 2", Lines());
        Assert.Contains("streamscorer_threshold_crossings_total{band=\"review\",head=\"fake\",label=\"fake\"} 2", Lines());
    }

    [Fact]
    public void Count_ShouldCountTruncatedPosts()
    {
        var truncated = Scored(Flag, null);
        truncated.Truncated = true;

        _sender.Count([truncated, Scored(Flag, null)]);

        Assert.Contains("streamscorer_truncated_total 1", Lines());
    }

    private static Entry Scored(Verdict verdict, long? created) => new(Records.One) { Post = new Post("1", default, CreatedAt: created), Verdict = verdict };

    private string[] Lines() => _page.Render().Split('\n');
}
