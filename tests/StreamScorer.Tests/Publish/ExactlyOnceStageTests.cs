using System.Diagnostics;
using System.Text;
using System.Threading.Channels;
using Confluent.Kafka;
using Microsoft.Extensions.Logging.Abstractions;
using StreamScorer.Operate;
using StreamScorer.Operate.Tracing;
using StreamScorer.Publish;
using StreamScorer.Settle;
using StreamScorer.Shared.Contracts;
using StreamScorer.Tests.Kafka;
using StreamScorer.Tests.Operate;
using StreamScorer.Tests.Operate.Tracing;

namespace StreamScorer.Tests.Publish;

/// <summary>What becomes of a transaction, call by call, with a producer that fails as told.</summary>
public sealed class ExactlyOnceStageTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
    private static readonly TopicPartition P0 = new("posts", 0);
    private static readonly TopicPartition P1 = new("posts", 1);

    private readonly Telemetry _telemetry = new(TimeProvider.System);
    private readonly OffsetLedger _ledger = new();
    private readonly Channel<MicroBatch> _input = Channel.CreateUnbounded<MicroBatch>();
    private readonly List<TestProducer> _producers = [];
    private readonly CancellationTokenSource _abort = new();
    private Action<string, int> _before = (_, _) => { };
    private Func<string, Error?> _answer = _ => null;
    private IConsumerGroupMetadata? _membership = new Membership();
    private readonly HealthState _health = new(new OperateOptions(), TimeProvider.System);
    private Func<long> _backlog = () => 0;
    private TimeSpan? _patience;
    private SettleOptions _options = new() { CommitInterval = TimeSpan.FromMilliseconds(10) };

    public ExactlyOnceStageTests() => _ledger.Assigned([P0, P1]);

    public void Dispose()
    {
        _telemetry.Dispose();
        _abort.Dispose();
    }

    [Fact]
    public async Task RunAsync_ShouldCommitOutcomesAndOffsetsTogether_AndOnlyThenSettle()
    {
        var records = new[] { Take(P0, 4), Take(P1, 9), Take(P0, 5) };
        _before = (call, _) => Assert.True(call != "CommitTransaction" || !_ledger.IsSettled([P0, P1]));

        await RunAsync(Batch(records));

        Assert.Equal(["InitTransactions", "BeginTransaction", "Produce", "Produce", "Produce", "SendOffsetsToTransaction", "CommitTransaction", "Dispose"], _producers.Single().Calls);
        Assert.Equal([new(P0, 6), new TopicPartitionOffset(P1, 10)], _producers[0].Offsets);
        Assert.True(_ledger.IsSettled([P0, P1]));
        Assert.Equal(3, _telemetry.Read().DeadLettered);
    }

    [Fact]
    public async Task RunAsync_ShouldEndTheSpans_WithTheCommit()
    {
        using var spans = new CollectedSpans();
        using var tracer = new Tracer("g", ratio: 0, TimeProvider.System);
        var batch = Traced(tracer, Take(P0, 4));
        var record = batch.Entries[0].Trace!.Context;
        _before = (call, _) => Assert.True(call != "CommitTransaction" || spans.Of(record.TraceId).Count == 0);

        await RunAsync(batch);

        Assert.Equal("dead_lettered", Assert.Single(spans.Of(record.TraceId)).GetTagItem("streamscorer.outcome"));
        var micro = Assert.Single(spans.LinkedWith(record.SpanId));
        Assert.Equal(["publish", "settle"], spans.Of(micro.TraceId).Where(span => span != micro).Select(span => span.OperationName));
    }

    [Fact]
    public async Task RunAsync_ShouldEndTheSpansAsVoid_WhenTheTransactionIsAborted()
    {
        using var spans = new CollectedSpans();
        using var tracer = new Tracer("g", ratio: 0, TimeProvider.System);
        var batch = Traced(tracer, Take(P0, 4));
        var record = batch.Entries[0].Trace!.Context;
        _membership = null;

        await RunAsync(batch);

        Assert.Equal("voided", Assert.Single(spans.Of(record.TraceId)).GetTagItem("streamscorer.outcome"));
        Assert.Equal("voided", Assert.Single(spans.LinkedWith(record.SpanId)).GetTagItem("streamscorer.outcome"));
    }

    [Fact]
    public async Task RunAsync_ShouldCommitOffsetsAlone_WhenEveryRecordWasFiltered()
    {
        await RunAsync(Records.Batch(Take(P0, 4)));

        Assert.Equal(["InitTransactions", "BeginTransaction", "SendOffsetsToTransaction", "CommitTransaction", "Dispose"], _producers.Single().Calls);
        Assert.Equal(1, _telemetry.Read().Filtered);
    }

    [Fact]
    public async Task RunAsync_ShouldKeepTheTransactionOpen_UntilSomebodyWaitsForIt()
    {
        _options = _options with { CommitInterval = TimeSpan.FromSeconds(15) };
        var run = StartAsync();
        await WriteAsync(Batch(Take(P0, 4)));
        await WaitForAsync("CommitTransaction", 1);
        await WriteAsync(Batch(Take(P0, 5)));
        await WaitForAsync("Produce", 2);
        Assert.False(_ledger.IsSettled([P0]));

        Assert.True(await Task.Run(() => _ledger.WaitSettled([P0], TimeSpan.FromSeconds(8)))); // much less than the interval

        _input.Writer.Complete();
        await run.WaitAsync(Limit);
        Assert.Equal(2, _producers[0].Calls.Count(call => call == "CommitTransaction"));
    }

    [Fact]
    public async Task RunAsync_ShouldKeepTheTransactionOpen_WhileMoreWaitsThanItHolds()
    {
        _options = _options with { CommitInterval = TimeSpan.FromMilliseconds(300) };
        var asked = 0;
        _backlog = () => ++asked switch { 1 => 2, 2 => 3, _ => 2 };
        await WriteAsync(Batch(Take(P0, 4))); // it is the first, so it is due at once
        await WriteAsync(Batch(Take(P0, 5)));
        var run = StartAsync();
        await WaitForAsync("CommitTransaction", 1);
        await CompleteAsync(run);

        Assert.Equal(3, asked);
        Assert.Equal(["BeginTransaction", "Produce", "Produce", "SendOffsetsToTransaction", "CommitTransaction"], _producers.Single().Calls.Skip(1).Take(5));
    }

    [Fact]
    public async Task RunAsync_ShouldCommitAfterTenIntervals_WhateverWaits()
    {
        _options = _options with { CommitInterval = TimeSpan.FromMilliseconds(100) };
        var asked = 0;
        _backlog = () => ++asked * 1_000;
        var run = StartAsync();
        await WriteAsync(Batch(Take(P0, 4)));

        await WaitForAsync("CommitTransaction", 1);

        Assert.InRange(asked, 1, 10);
        await CompleteAsync(run);
    }

    [Fact]
    public async Task RunAsync_ShouldCommitAtOnce_WhenItHoldsAsMuchMemoryAsItMay()
    {
        _options = _options with { CommitInterval = TimeSpan.FromSeconds(60), TransactionTimeout = TimeSpan.FromMinutes(10) };
        _backlog = () => 1_000;
        var large = new byte[8 << 20];
        for (var offset = 1; offset <= 12; offset++)
        {
            await WriteAsync(Batch(Take(P0, offset) with { Value = large }));
        }

        var run = StartAsync();
        await WaitForAsync("CommitTransaction", 3);
        await CompleteAsync(run);

        Assert.Equal([4, 8, 12], Enumerable.Range(1, 3).Select(i => ProducedBeforeCommit(i)));

        int ProducedBeforeCommit(int nth)
        {
            var calls = _producers.Single().Calls.ToList();
            var at = calls.Select((call, i) => (call, i)).Where(c => c.call == "CommitTransaction").ElementAt(nth - 1).i;
            return calls.Take(at).Count(call => call == "Produce");
        }
    }

    [Fact]
    public async Task RunAsync_ShouldCommitAtOnce_WhenSomebodyWaitsForIt_WhateverWaits()
    {
        _options = _options with { CommitInterval = TimeSpan.FromSeconds(7) };
        var asked = 0;
        _backlog = () => ++asked * 1_000;
        var run = StartAsync();
        await WriteAsync(Batch(Take(P0, 4)));
        await WaitForAsync(() => Volatile.Read(ref asked) == 1);

        Assert.True(await Task.Run(() => _ledger.WaitSettled([P0], TimeSpan.FromSeconds(5)))); // less than the interval

        Assert.Equal(1, asked);
        await CompleteAsync(run);
    }

    [Theory]
    [InlineData("InitTransactions")]
    [InlineData("SendOffsetsToTransaction")]
    [InlineData("CommitTransaction")]
    public async Task RunAsync_ShouldMakeTheSameCallAgain_WhenItsFailureIsRetriable(string failing)
    {
        _before = (call, times) => Throw(call == failing && times < 3, TestProducer.Retriable());

        await RunAsync(Batch(Take(P0, 4)));

        Assert.Equal(3, _producers.Single().Calls.Count(call => call == failing));
        Assert.True(_ledger.IsSettled([P0]));
    }

    [Theory]
    [InlineData("SendOffsetsToTransaction")]
    [InlineData("CommitTransaction")]
    public async Task RunAsync_ShouldAbortAndRewind_WhenKafkaAsksForIt(string failing)
    {
        _before = (call, times) => Throw(call == failing && times == 2, TestProducer.Abortable());
        var run = StartAsync();
        await WriteAsync(Batch(Take(P0, 4)));
        await WaitForAsync("CommitTransaction", 1);
        var ahead = Batch(Take(P0, 5));
        var late = Batch(Take(P0, 6));
        await WriteAsync(ahead);
        await WaitForAsync("AbortTransaction", 1);
        await WaitForAsync(() => _ledger.Rewinding.Count > 0);

        Assert.Equal([new TopicPartitionOffset(P0, 4)], _ledger.Rewinding); // P1 has nothing in flight
        Assert.Null(_ledger.Consumed(P0, 7));
        await WriteAsync(late); // consumed before the abort, so it must not go out before what it follows
        _ledger.Rewound(P0);
        await WriteAsync(Batch(Take(P0, 5)));
        await CompleteAsync(run);

        Assert.Equal([new TopicPartitionOffset(P0, 6)], _producers[0].Offsets);
        Assert.Equal((2, 2), (_telemetry.Read().DeadLettered, _telemetry.Read().Voided));
        Assert.Equal(3, _producers[0].Calls.Count(call => call == "Produce"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task RunAsync_ShouldAbort_WhenTheTransactionHoldsARecordOfAPartitionThatLeft(bool readAgain)
    {
        _options = _options with { CommitInterval = TimeSpan.FromSeconds(15) };
        var run = StartAsync();
        await WriteAsync(Batch(Take(P1, 1)));
        await WaitForAsync("CommitTransaction", 1);
        await WriteAsync(Batch(Take(P0, 4), Take(P1, 2)));
        await WaitForAsync("Produce", 3);

        _ledger.Released([P0]);
        _ledger.Assigned([P0]); // and came back: someone else may have gone on meanwhile
        if (readAgain)
        {
            await WriteAsync(Batch(Take(P0, 4)));
            await WaitForAsync("Produce", 4);
        }

        await CompleteAsync(run);

        Assert.Equal(["AbortTransaction", "Dispose"], _producers.Single().Calls.TakeLast(2));
        Assert.Equal(readAgain ? [P0, P1] : [P1], _ledger.Rewinding.Select(p => p.TopicPartition).OrderBy(p => p.Partition.Value)); // P1 stayed, and its records were in the same transaction
        Assert.Equal((1, readAgain ? 3 : 2), (_telemetry.Read().DeadLettered, _telemetry.Read().Voided));
    }

    [Fact]
    public async Task RunAsync_ShouldSendNothing_OfAPartitionThatLeft()
    {
        var batch = Batch(Take(P0, 4), Take(P1, 2));
        _ledger.Released([P0]);

        await RunAsync(batch);

        Assert.Single(_producers.Single().Calls, call => call == "Produce");
        Assert.Equal([new TopicPartitionOffset(P1, 3)], _producers[0].Offsets);
    }

    [Fact]
    public async Task RunAsync_ShouldAbort_WhenWeAreNoMemberOfTheGroup()
    {
        _membership = null; // offsets without a membership would be taken unchecked

        await RunAsync(Batch(Take(P0, 4)));

        Assert.DoesNotContain("SendOffsetsToTransaction", _producers.Single().Calls);
        Assert.Contains("AbortTransaction", _producers[0].Calls);
    }

    [Fact]
    public async Task RunAsync_ShouldStop_WhenAnotherProducerHasItsName()
    {
        _before = (call, _) => Throw(call is "SendOffsetsToTransaction" or "AbortTransaction", TestProducer.Fatal());

        var fault = await Assert.ThrowsAsync<TransactionException>(() => RunAsync(Batch(Take(P0, 4))));

        Assert.Contains("Kafka:GroupInstanceId", fault.Message, StringComparison.Ordinal);
        Assert.False(_ledger.IsSettled([P0]));
    }

    [Fact]
    public async Task RunAsync_ShouldGoOnWithANewProducer_WhenTheBrokersDoNotKnowTheTransactionThatItAborts()
    {
        _before = (call, _) =>
        {
            Throw(_producers.Count == 1 && call == "SendOffsetsToTransaction", TestProducer.Abortable());
            Throw(_producers.Count == 1 && call == "AbortTransaction", TestProducer.Fatal(ErrorCode.InvalidTxnState));
        };
        var run = StartAsync();
        await WriteAsync(Batch(Take(P0, 4)));
        await WaitForAsync(() => _ledger.Rewinding.Count > 0);
        _ledger.Rewound(P0);
        await WriteAsync(Batch(Take(P0, 4)));
        await CompleteAsync(run);

        Assert.Equal(2, _producers.Count);
        Assert.True(_ledger.IsSettled([P0]));
    }

    /// <summary>Nobody would show it by a commit: the partition went to another worker, or what failed was final after all.</summary>
    [Fact]
    public async Task RunAsync_ShouldBeReadyAgain_WhenNothingIsLeftOfWhatFailed()
    {
        _before = (call, times) => Throw(call == "SendOffsetsToTransaction" && times == 1, TestProducer.Abortable());
        var run = StartAsync();
        await WriteAsync(Batch(Take(P0, 4)));
        await WaitForAsync(() => _ledger.Rewinding.Count > 0 && !OutputsAreFine());
        _ledger.Rewound(P0);

        await WaitForAsync(OutputsAreFine);

        await CompleteAsync(run);

        bool OutputsAreFine() => _health.Ready().Checks.Single(check => check.Name == "outputs").Ok;
    }

    [Fact]
    public async Task RunAsync_ShouldGoOnWithANewProducer_WhenACallNeverComesBack()
    {
        using var gate = new ManualResetEventSlim();
        _patience = TimeSpan.FromSeconds(1);
        _before = (call, _) =>
        {
            if (_producers.Count == 1 && call == "SendOffsetsToTransaction")
            {
                gate.Wait();
            }
        };
        var run = StartAsync();
        await WriteAsync(Batch(Take(P0, 4)));
        await WaitForAsync(() => _ledger.Rewinding.Count > 0);
        _ledger.Rewound(P0);
        await WriteAsync(Batch(Take(P0, 4)));
        await CompleteAsync(run);

        Assert.Equal(2, _producers.Count);
        Assert.Equal("SendOffsetsToTransaction", _producers[0].Calls[^1]); // neither aborted nor disposed of: both would wait for that call
        Assert.True(_ledger.IsSettled([P0]));
        gate.Set();
    }

    [Fact]
    public async Task RunAsync_ShouldGoOnWithANewProducer_WhenTheBrokersEndedAnOverdueTransaction()
    {
        var time = new ManualTime();
        _before = (call, _) =>
        {
            if (_producers.Count == 1 && call is "SendOffsetsToTransaction" or "AbortTransaction")
            {
                time.Advance(_options.TransactionTimeout);
                throw TestProducer.Fatal();
            }
        };
        var run = StartAsync(time);
        await WriteAsync(Batch(Take(P0, 4)));
        await WaitForAsync(() => _ledger.Rewinding.Count > 0);
        _ledger.Rewound(P0);
        await WriteAsync(Batch(Take(P0, 4)));
        await CompleteAsync(run);

        Assert.Equal(2, _producers.Count);
        Assert.Equal("Dispose", _producers[0].Calls[^1]);
        Assert.True(_ledger.IsSettled([P0]));
    }

    [Fact]
    public async Task RunAsync_ShouldStopWithTheCure_WhenTheBrokersRefuseARecord()
    {
        _answer = _ => new Error(ErrorCode.MsgSizeTooLarge, "made up by a test");
        _before = (call, _) => Throw(call == "CommitTransaction", TestProducer.Abortable(ErrorCode.Local_Inconsistent));

        var fault = await Assert.ThrowsAsync<DeliveryException>(() => RunAsync(Batch(Take(P0, 4))));

        Assert.Contains("Raise max.message.bytes", fault.Message, StringComparison.Ordinal);
        Assert.Contains("AbortTransaction", _producers.Single().Calls);
    }

    [Fact]
    public async Task RunAsync_ShouldStop_WhenTheOutputIsDenied()
    {
        _before = (call, _) => Throw(call == "SendOffsetsToTransaction", TestProducer.Abortable(ErrorCode.TopicAuthorizationFailed));

        var fault = await Assert.ThrowsAsync<TransactionException>(() => RunAsync(Batch(Take(P0, 4))));

        Assert.Contains("WRITE", fault.Message, StringComparison.Ordinal);
        Assert.Contains("AbortTransaction", _producers.Single().Calls);
    }

    /// <summary>A produce call of a transaction that has failed says only that it has.</summary>
    [Fact]
    public async Task RunAsync_ShouldStopWithTheCure_WhenTheOutputIsDeniedWhileRecordsAreSent()
    {
        _before = (call, times) =>
        {
            Throw(call == "Produce" && times == 2, Erroneous());
            Throw(call == "SendOffsetsToTransaction", TestProducer.Abortable(ErrorCode.TopicAuthorizationFailed));
        };

        var fault = await Assert.ThrowsAsync<TransactionException>(() => RunAsync(Batch(Take(P0, 4), Take(P0, 5))));

        Assert.Contains("WRITE", fault.Message, StringComparison.Ordinal);
        Assert.Contains("AbortTransaction", _producers.Single().Calls);
    }

    [Fact]
    public async Task RunAsync_ShouldNotCommit_WhenARecordIsMissing()
    {
        _before = (call, times) => Throw(call == "Produce" && times == 2, Erroneous());
        var run = StartAsync();
        await WriteAsync(Batch(Take(P0, 4), Take(P0, 5)));
        await WaitForAsync(() => _ledger.Rewinding.Count > 0);
        await CompleteAsync(run);

        Assert.DoesNotContain("CommitTransaction", _producers.Single().Calls);
        Assert.Contains("AbortTransaction", _producers.Single().Calls);
    }

    private static ProduceException<byte[]?, byte[]?> Erroneous() => new(new Error(ErrorCode.Local_State, "made up by a test"), new DeliveryResult<byte[]?, byte[]?>());

    [Fact]
    public async Task RunAsync_ShouldAbortWhatIsOpen_WhenThePipelineAborts()
    {
        _options = _options with { CommitInterval = TimeSpan.FromSeconds(15) };
        var run = StartAsync();
        await WriteAsync(Batch(Take(P0, 4)));
        await WaitForAsync("CommitTransaction", 1);
        await WriteAsync(Batch(Take(P0, 5)));
        await WaitForAsync("Produce", 2);

        await _abort.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.WaitAsync(Limit));
        Assert.Equal(["AbortTransaction", "Dispose"], _producers.Single().Calls.TakeLast(2));
        Assert.False(_ledger.IsSettled([P0]));
    }

    private static void Throw(bool now, KafkaException fault)
    {
        if (now)
        {
            throw fault;
        }
    }

    private SourceRecord Take(TopicPartition partition, long offset)
        => Records.At(partition.Partition.Value, offset, _ledger.Consumed(partition, offset)!.Value);

    /// <summary>Records that cannot be scored, so that no model is needed: one dead letter each.</summary>
    private static MicroBatch Batch(params SourceRecord[] records)
    {
        var batch = Records.Batch(records);
        foreach (var entry in batch.Entries)
        {
            entry.Reject = new Reject(RejectReason.NotJson, "made up by a test");
            entry.Outgoing = [new Outgoing("posts.dead-letter", Records.Outcomes().DeadLetter(entry))];
        }

        return batch;
    }

    /// <summary>A micro-batch of one record that somebody traces.</summary>
    private static MicroBatch Traced(Tracer tracer, SourceRecord record)
    {
        var batch = Batch(record with { Headers = [new Header(TraceParent.Header, Encoding.ASCII.GetBytes($"00-{ActivityTraceId.CreateRandom()}-{ActivitySpanId.CreateRandom()}-01"))] });
        tracer.Begin(batch);
        return batch;
    }

    private ValueTask WriteAsync(MicroBatch batch) => _input.Writer.WriteAsync(batch);

    private async Task RunAsync(MicroBatch batch)
    {
        await WriteAsync(batch);
        await CompleteAsync(StartAsync());
    }

    private Task CompleteAsync(Task run)
    {
        _input.Writer.Complete();
        return run.WaitAsync(Limit);
    }

    private async Task StartAsync(TimeProvider? time = null)
    {
        var sender = new OutcomeSender(_telemetry, TimeProvider.System);
        var producer = new TransactionalProducer(Build, _options, _health, time ?? TimeProvider.System, NullLogger.Instance, _patience);
        using var stage = new ExactlyOnceStage(sender, _ledger, () => _membership, () => _backlog(), producer, _options, _telemetry, _health, time ?? TimeProvider.System, NullLogger<ExactlyOnceStage>.Instance);
        await stage.RunAsync(_input.Reader, _abort.Token);
    }

    private IProducer<byte[]?, byte[]?> Build()
    {
        var producer = TestProducer.Create(before: (call, times) => _before(call, times));
        var proxy = (TestProducer)(object)producer;
        proxy.Answer = topic => _answer(topic);
        _producers.Add(proxy);
        return producer;
    }

    private Task WaitForAsync(string call, int times) => WaitForAsync(() => _producers.Sum(p => p.Calls.Count(c => c == call)) >= times);

    private static async Task WaitForAsync(Func<bool> seen)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!seen())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < Limit, "What the test waits for did not happen within its limit.");
            await Task.Delay(2);
        }
    }

    private sealed class Membership : IConsumerGroupMetadata;
}
