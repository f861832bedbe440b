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
        SourceRecord[] rest = [Take(P0, 5), Take(P0, 6)];

        _ledger.Withdrawn(rest);

        Assert.True(_ledger.IsSettled([P0]));
        Assert.Equal([new TopicPartitionOffset(P0, 5)], _ledger.Uncommitted());
    }

    [Fact]
    public void IsSettled_ShouldHold_WhenAllWasWithdrawn()
    {
        var all = Take(P0, 4);

        _ledger.Withdrawn([all]);

        Assert.True(_ledger.IsSettled([P0]));
        Assert.Empty(_ledger.Uncommitted());
    }

    [Fact]
    public void IsSettled_ShouldHold_WhenOffsetsWithoutARecordLieBeforeWhatWasWithdrawn()
    {
        Settle(Take(P0, 4));
        SourceRecord[] rest = [Take(P0, 9), Take(P0, 10)]; // 5 to 8: aborted records, marks of transactions, or compacted

        _ledger.Withdrawn(rest);

        Assert.True(_ledger.IsSettled([P0]));
        Assert.Equal([new TopicPartitionOffset(P0, 5)], _ledger.Uncommitted());
        Assert.Equal([new TopicPartitionOffset(P0, 9)], _ledger.Positions());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void IsSettled_ShouldHold_JustWhenNothingIsInFlight_WhateverHappens(int seed)
    {
        var dice = new Random(seed);
        var (inFlight, next, settled) = (new List<SourceRecord>(), 0L, (long?)null);
        for (var step = 0; step < 5_000; step++)
        {
            switch (dice.Next(8))
            {
                case 0: // taken back: the last ones, and reading goes on behind them only after another assignment
                    var kept = dice.Next(inFlight.Count + 1);
                    _ledger.Withdrawn(inFlight[kept..]);
                    inFlight.RemoveRange(kept, inFlight.Count - kept);
                    break;
                case 1 or 2 or 3: // settled: the first ones
                    var done = dice.Next(inFlight.Count + 1);
                    Settle([.. inFlight[..done]]);
                    settled = done > 0 ? inFlight[done - 1].Offset + 1 : settled;
                    inFlight.RemoveRange(0, done);
                    break;
                case 4 when dice.Next(20) == 0: // assigned anew, with records of the old assignment still on their way
                    var late = inFlight.ToArray();
                    _ledger.Released([P0]);
                    _ledger.Assigned([P0]);
                    inFlight.Clear();
                    settled = null;
                    Settle(late);
                    _ledger.Withdrawn(late);
                    break;
                default:
                    next += dice.Next(3) == 0 ? dice.Next(1, 100) : 1;
                    inFlight.Add(Take(P0, next));
                    break;
            }

            Assert.Equal(inFlight.Count == 0, _ledger.IsSettled([P0]));
            Assert.Equal(settled is { } offset ? [new TopicPartitionOffset(P0, offset)] : [], _ledger.Uncommitted());
        }
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
