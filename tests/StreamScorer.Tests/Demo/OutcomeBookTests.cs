using StreamScorer.Demo;
using StreamScorer.Shared.Contracts;
using StreamScorer.Tests.Operate;

namespace StreamScorer.Tests.Demo;

public sealed class OutcomeBookTests
{
    private readonly ManualTime _time = new();
    private readonly OutcomeBook _book;

    public OutcomeBookTests() => _book = new OutcomeBook(_time);

    [Fact]
    public void Scored_ShouldCountOutcomeDecisionFlagsAndLatency()
    {
        var source = At(0, 5);
        _time.Advance(TimeSpan.FromMilliseconds(250));

        _book.Scored(source, Decision.Flag, ["hate", "fake"]);

        Assert.Equal(1, _book.Counts.Scored);
        Assert.Equal(1, _book.Decisions[Decision.Flag]);
        Assert.Equal(1, _book.Flags["hate"]);
        Assert.InRange(_book.Latency.P50, 0.245, 0.255);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ASecondOutcome_ShouldCountAsRepeatedOnly(bool deadLetter)
    {
        _book.Scored(At(3, 64), Decision.Allow, []);

        if (deadLetter)
        {
            _book.DeadLettered(At(3, 64));
        }
        else
        {
            _book.Scored(At(3, 64), Decision.Flag, ["hate"]);
        }

        Assert.Equal(new OutcomeCounts { Scored = 1, Repeated = 1 }, _book.Counts);
        Assert.Empty(_book.Flags);
    }

    [Fact]
    public void Outcomes_ShouldBeToldApartByTopicPartitionAndOffset()
    {
        foreach (var source in new[] { At(0, 63), At(0, 64), At(1, 64), At(0, 1_000_000), At(0, 63) with { Topic = "other" } })
        {
            _book.DeadLettered(source);
        }

        Assert.Equal(new OutcomeCounts { DeadLettered = 5 }, _book.Counts);
    }

    [Fact]
    public void Waiting_ShouldLeaveOutTombstonesAndFailures()
    {
        foreach (var _ in Enumerable.Range(0, 10))
        {
            _book.Sent();
        }

        _book.Acknowledged(tombstone: true, persisted: true);
        _book.Acknowledged(tombstone: false, persisted: true);
        _book.Acknowledged(tombstone: false, persisted: false);
        _book.DeadLettered(At(0, 0));

        Assert.Equal(7, _book.Waiting);
    }

    [Fact]
    public void LatestFlagged_ShouldKeepTheNewest_NewestFirst()
    {
        foreach (var number in Enumerable.Range(0, 30))
        {
            _book.Flagged(new FlaggedPost($"{number}", Decision.Review, ["hate"], 0.5f));
        }

        Assert.Equal(["29", "28", "27"], _book.LatestFlagged.Take(3).Select(post => post.Id));
        Assert.Equal(30, _book.Counts.Flagged);
    }

    private RecordSource At(int partition, long offset) => new("posts", partition, offset, _time.GetUtcNow().ToUnixTimeMilliseconds());
}
