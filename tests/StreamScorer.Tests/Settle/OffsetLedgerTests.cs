using Confluent.Kafka;
using StreamScorer.Settle;

namespace StreamScorer.Tests.Settle;

public sealed class OffsetLedgerTests
{
    private static readonly TopicPartition P0 = new("posts", 0);
    private static readonly TopicPartition P1 = new("posts", 1);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private readonly OffsetLedger _ledger = new();

    public OffsetLedgerTests() => _ledger.Assigned([P0, P1]);

    [Fact]
    public void Uncommitted_ShouldBeTheLastOffsetPlusOneOfEachPartition_WhenAMicroBatchIsSettled()
    {
        Settle(Take(P0, 4), Take(P1, 9), Take(P0, 5));

        Assert.Equal([new TopicPartitionOffset(P0, 6), new TopicPartitionOffset(P1, 10)], _ledger.Uncommitted());
    }

    [Fact]
    public void Uncommitted_ShouldBeEmpty_WhenRecordsAreInFlight()
    {
        Take(P0, 4);

        Assert.Empty(_ledger.Uncommitted());
        Assert.False(_ledger.IsSettled([P0, P1]));
    }

    [Fact]
    public void Uncommitted_ShouldBeEmpty_OnceCommitted()
    {
        Settle(Take(P0, 4));

        _ledger.Committed(_ledger.Uncommitted());

        Assert.Empty(_ledger.Uncommitted());
    }

    [Fact]
    public void Settle_ShouldDoNothing_WhenThePartitionLeftMeanwhile()
    {
        var late = Take(P0, 4);
        _ledger.Released([P0]);

        Settle(late);

        Assert.Empty(_ledger.Uncommitted());
    }

    [Fact]
    public void Settle_ShouldDoNothing_WhenThePartitionLeftAndCameBack()
    {
        var late = Take(P0, 4);
        _ledger.Released([P0]);
        _ledger.Assigned([P0]);

        Settle(late); // someone else may have gone on from here meanwhile

        Assert.Empty(_ledger.Uncommitted());
    }

    [Fact]
    public void Consumed_ShouldBeNull_WhenThePartitionIsNotOurs() => Assert.Null(_ledger.Consumed(new TopicPartition("posts", 7), 1));

    [Fact]
    public void IsSettled_ShouldHold_WhenTheRestWasWithdrawn()
    {
        Settle(Take(P0, 4));
        Take(P0, 5);
        Take(P0, 6);

        _ledger.Withdrawn(Records.At(0, 5, 1));

        Assert.True(_ledger.IsSettled([P0]));
        Assert.Equal([new TopicPartitionOffset(P0, 5)], _ledger.Uncommitted());
    }

    [Fact]
    public void IsSettled_ShouldHold_WhenAllWasWithdrawn()
    {
        Take(P0, 4);

        _ledger.Withdrawn(Records.At(0, 4, 1));

        Assert.True(_ledger.IsSettled([P0]));
        Assert.Empty(_ledger.Uncommitted());
    }

    [Fact]
    public async Task WaitSettled_ShouldReturnTrue_WhenTheLastRecordIsSettledMeanwhile()
    {
        var record = Take(P0, 4);
        var wait = Task.Run(() => _ledger.WaitSettled([P0], Limit));

        Settle(record);

        Assert.True(await wait.WaitAsync(Limit));
    }

    [Fact]
    public void WaitSettled_ShouldReturnFalse_WhenTheLimitIsOver()
    {
        Take(P0, 4);

        Assert.False(_ledger.WaitSettled([P0], TimeSpan.FromMilliseconds(20)));
    }

    [Fact]
    public async Task WaitSettled_ShouldEnd_WhenThePipelineAborts()
    {
        Take(P0, 4);
        var wait = Task.Run(() => _ledger.WaitSettled([P0], TimeSpan.FromMinutes(5)));

        _ledger.Abort();

        Assert.False(await wait.WaitAsync(Limit));
    }

    private SourceRecord Take(TopicPartition partition, long offset)
        => Records.At(partition.Partition.Value, offset, _ledger.Consumed(partition, offset)!.Value);

    private void Settle(params SourceRecord[] records) => _ledger.Settle(Records.Batch(records).Entries);
}
