using StreamScorer.Consume;

namespace StreamScorer.Tests.Consume;

public sealed class IntakeTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);
    private static readonly MicroBatchLimit Three = new(new ConsumeOptions { MaxRecordsPerMicroBatch = 3 });

    private readonly Intake _intake = new();

    [Fact]
    public async Task TakeAsync_ShouldHandOnAtOnce_WhenARecordWaits()
    {
        _intake.Add(Records.At(0, 7));

        var taken = await TakeAsync();

        Assert.Equal([7L], Offsets(taken));
        Assert.Equal("ready", taken!.By);
    }

    [Fact]
    public async Task TakeAsync_ShouldWakeOnTheFirstRecord_WhenNoneWaits()
    {
        var take = TakeAsync();
        Assert.False(take.IsCompleted);

        _intake.Add(Records.At(0, 7));

        Assert.Equal([7L], Offsets(await take));
    }

    [Fact]
    public async Task TakeAsync_ShouldGrowToTheLimit_WhenRecordsWaited()
    {
        for (var offset = 0; offset < 5; offset++)
        {
            _intake.Add(Records.At(0, offset));
        }

        var first = await TakeAsync();
        var second = await TakeAsync();

        Assert.Equal([0L, 1, 2], Offsets(first));
        Assert.Equal("records", first!.By);
        Assert.Equal([3L, 4], Offsets(second));
        Assert.Equal((0, 0L), _intake.Waiting);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task WaitForRoom_ShouldWait_UntilEnoughRecordsWentOut(bool taken)
    {
        _intake.Add(Records.At(0, 7));
        _intake.Add(Records.At(0, 8));
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var waiting = Task.Run(() => _intake.WaitForRoom(
            held =>
            {
                asked.TrySetResult();
                return held.Records >= 2;
            },
            TestContext.Current.CancellationToken));
        await asked.Task.WaitAsync(Limit, TestContext.Current.CancellationToken);
        Assert.False(waiting.IsCompleted);

        if (taken)
        {
            await TakeAsync();
        }
        else
        {
            _intake.Withdraw(record => record.Offset == 7);
        }

        await waiting.WaitAsync(Limit, TestContext.Current.CancellationToken);
    }

    [Fact]
    public void WaitForRoom_ShouldNotWait_WhenThereIsRoom()
        => _intake.WaitForRoom(waiting => waiting.Records >= 1, new CancellationToken(canceled: true));

    [Fact]
    public void WaitForRoom_ShouldEnd_WhenItIsStopped()
        => Assert.ThrowsAny<OperationCanceledException>(() => _intake.WaitForRoom(_ => true, new CancellationToken(canceled: true)));

    [Fact]
    public async Task TakeAsync_ShouldTakeOneRecord_WhenItAloneIsOverTheByteLimit()
    {
        var large = Records.One with { Value = new byte[1 << 20] };
        _intake.Add(large);
        _intake.Add(large);

        var taken = await TakeAsync();

        Assert.Single(taken!.Records);
        Assert.Equal("bytes", taken.By);
        Assert.Equal((1, (long)large.Bytes), _intake.Waiting);
    }

    [Fact]
    public async Task TakeAsync_ShouldTakeARecordByItself_WhenItMustBeAlone()
    {
        for (var offset = 0; offset < 5; offset++)
        {
            _intake.Add(Records.At(0, offset));
        }

        var taken = new List<long[]>();
        while (_intake.Waiting.Records > 0)
        {
            taken.Add([.. Offsets(await TakeAsync(record => record.Offset is 1 or 2))]);
        }

        Assert.Equal([[0L], [1], [2], [3, 4]], taken);
    }

    [Fact]
    public async Task TakeAsync_ShouldHandOnWhatWaits_WhenCompleted()
    {
        _intake.Add(Records.At(0, 7));
        _intake.Complete();

        Assert.Equal([7L], Offsets(await TakeAsync()));
        Assert.Null(await TakeAsync());
    }

    [Fact]
    public async Task Add_ShouldDoNothing_OnceCompleted()
    {
        _intake.Complete();

        _intake.Add(Records.At(0, 7));

        Assert.Null(await TakeAsync());
    }

    [Fact]
    public async Task TakeAsync_ShouldEndTheWait_WhenCompleted()
    {
        var take = TakeAsync();

        _intake.Complete();

        Assert.Null(await take);
    }

    [Fact]
    public async Task TakeAsync_ShouldThrowTheFault_WhenTheSourceFailed()
    {
        _intake.Add(Records.At(0, 7));
        _intake.Complete(new FormatException("the source broke"));

        var fault = await Assert.ThrowsAsync<FormatException>(TakeAsync);
        Assert.Equal("the source broke", fault.Message);
    }

    [Fact]
    public async Task TakeAsync_ShouldThrow_WhenAborted()
    {
        using var abort = new CancellationTokenSource();
        var take = _intake.TakeAsync(Three, null, abort.Token).AsTask();

        await abort.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => take.WaitAsync(Limit));
    }

    [Fact]
    public async Task Withdraw_ShouldTakeOutOnePartitionInOrder_AndLeaveTheOthers()
    {
        foreach (var (partition, offset) in new[] { (0, 1L), (1, 1L), (0, 2L), (1, 2L) })
        {
            _intake.Add(Records.At(partition, offset));
        }

        var withdrawn = _intake.Withdraw(record => record.Partition == 0);

        Assert.Equal([1L, 2], withdrawn.Select(r => r.Offset));
        Assert.Equal(2 * Records.One.Bytes, _intake.Waiting.Bytes);
        var left = await TakeAsync();
        Assert.All(left!.Records, record => Assert.Equal(1, record.Partition));
        Assert.Equal([1L, 2], Offsets(left));
    }

    private Task<SealedRecords?> TakeAsync() => TakeAsync(null);

    private Task<SealedRecords?> TakeAsync(Predicate<SourceRecord>? alone) => _intake.TakeAsync(Three, alone, CancellationToken.None).AsTask().WaitAsync(Limit);

    private static IEnumerable<long> Offsets(SealedRecords? taken) => taken!.Records.Select(r => r.Offset);
}
