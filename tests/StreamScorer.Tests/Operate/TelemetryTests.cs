using StreamScorer.Operate;
using StreamScorer.Shared.Contracts;

namespace StreamScorer.Tests.Operate;

public sealed class TelemetryTests : IDisposable
{
    private readonly ManualTime _time = new();
    private readonly Telemetry _telemetry;

    public TelemetryTests() => _telemetry = new Telemetry(_time);

    public void Dispose() => _telemetry.Dispose();

    [Fact]
    public void Read_ShouldSumOverPartitions()
    {
        _telemetry.Consumed("posts", 0);
        _telemetry.Consumed("posts", 1);
        _telemetry.Consumed("posts", 1);
        _telemetry.Consumed("posts", 1);
        _telemetry.Consumed("posts", 1);
        _telemetry.Voided("posts", 1);
        _telemetry.Scored("posts", 0, Decision.Review);
        _telemetry.DeadLettered("posts", 1, RejectReason.TooDeep);
        _telemetry.Filtered("posts", 1, "tombstone");
        _telemetry.Flagged("hate");
        _telemetry.Lag("posts", 0, 5);
        _telemetry.Lag("posts", 1, 6);
        _telemetry.EndToEnd(2, 0.25);
        _time.Advance(TimeSpan.FromSeconds(4));

        var snapshot = _telemetry.Read();

        Assert.Equal((5, 1, 1, 1, 1, 1), (snapshot.Consumed, snapshot.Scored, snapshot.DeadLettered, snapshot.Filtered, snapshot.Voided, snapshot.Unsettled));
        Assert.Equal(1, snapshot.Decisions[Decision.Review]);
        Assert.Equal(0, snapshot.Decisions[Decision.Flag]);
        Assert.Equal(1, snapshot.DeadLetters[RejectReason.TooDeep]);
        Assert.Equal(1, snapshot.FilteredBy["tombstone"]);
        Assert.Equal(1, snapshot.Flags["hate"]);
        Assert.Equal(11, snapshot.Lag);
        Assert.Equal(TimeSpan.FromSeconds(4), snapshot.Uptime);
        Assert.InRange(snapshot.EndToEnd.P99, 1.96, 2.04);
        Assert.InRange(snapshot.InProcess.P50, 0.245, 0.255);
    }

    [Fact]
    public void Read_ShouldLoseNothing_WhenManyThreadsCount()
    {
        const int perThread = 20_000;
        Parallel.For(0, 4, thread =>
        {
            for (var i = 0; i < perThread; i++)
            {
                _telemetry.Consumed("posts", i % 7);
                _telemetry.Scored("posts", i % 7, Decision.Allow);
                _telemetry.Flagged(i % 2 == 0 ? "hate" : "fake");
            }
        });

        var snapshot = _telemetry.Read();

        Assert.Equal((4 * perThread, 0), (snapshot.Consumed, snapshot.Unsettled));
        Assert.Equal(2 * perThread, snapshot.Flags["fake"]);
    }

    [Fact]
    public void Counting_ShouldAllocateNothing_WhenThePartitionIsKnown()
    {
        // With a page listening, or the histograms would not do their work.
        using var page = new MetricsPage(_telemetry);
        Count();

        // A collection that another test causes meanwhile charges this thread for the rest of its allocation buffer, so the
        // least of a few tries counts: what really allocates does so in every one.
        Assert.Equal(0, Enumerable.Range(0, 5).Min(_ => AllocatedBy(1_000)));
    }

    private long AllocatedBy(int times)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < times; i++)
        {
            Count();
        }

        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private void Count()
    {
        _telemetry.Consumed("posts", 3);
        _telemetry.Scored("posts", 3, Decision.Flag);
        _telemetry.DeadLettered("posts", 3, RejectReason.EmptyText);
        _telemetry.Filtered("posts", 3, "tombstone");
        _telemetry.Flagged("hate");
        _telemetry.Lag("posts", 3, 1);
        _telemetry.MicroBatch(10, 200, "ready");
        _telemetry.TokenBatch(10, 200, 256);
        _telemetry.Step("infer", 0.01);
        _telemetry.EndToEnd(0.3, 0.2);
        _telemetry.PostAge(Decision.Flag, 3);
        _telemetry.Crossed("hate", "hate", Decision.Flag);
        _telemetry.Truncated();
        _telemetry.ModelCall(0.01);
    }
}
