using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using StreamScorer.Operate;
using StreamScorer.Settle;

namespace StreamScorer.Publish;

/// <summary>A producer and its transactions: each call is repeated as long as Kafka calls its failure retriable; other failures are the caller's. One caller at a time.</summary>
/// <param name="patience">For a call that does not come back though its own limit is over; null: a minute.</param>
internal sealed partial class TransactionalProducer(Func<IProducer<byte[]?, byte[]?>> build, SettleOptions options, HealthState health, TimeProvider time, ILogger logger, TimeSpan? patience = null) : IDisposable
{
    /// <summary>How long one call may block: less often is asked again, more often the end of the pipeline would have to wait for it.</summary>
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(5);

    /// <summary>The client does not always heed that limit: a call that is in the way when the coordinator dies may never come back.</summary>
    private readonly TimeSpan _patience = patience ?? TimeSpan.FromMinutes(1);

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    /// <summary>An outage may last for hours; one line a minute says so as well as ten.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromMinutes(1);

    private IProducer<byte[]?, byte[]?>? _producer;
    private long _begun;
    private bool _stuck;

    /// <summary>For sending within the open transaction.</summary>
    public IProducer<byte[]?, byte[]?> Producer => _producer!;

    public bool InTransaction { get; private set; }

    /// <summary>The open transaction is older than the brokers allow, so it is they who ended it, and not another worker of our name.</summary>
    public bool IsOverdue => InTransaction && time.GetElapsedTime(_begun) >= options.TransactionTimeout;

    /// <summary>Makes the producer, or a new one in place of one that can do nothing more, and ends what a former one of the same name left open.</summary>
    public async Task OpenAsync(CancellationToken abort)
    {
        _producer?.Dispose();
        _producer = build();
        InTransaction = false;
        await CallAsync("InitTransactions", () => Producer.InitTransactions(CallLimit), abort);
    }

    public void Begin()
    {
        Producer.BeginTransaction();
        _begun = time.GetTimestamp();
        InTransaction = true;
    }

    /// <summary>Everything sent, and these offsets, become final together.</summary>
    public async Task CommitAsync(IReadOnlyCollection<TopicPartitionOffset> offsets, IConsumerGroupMetadata group, CancellationToken abort)
    {
        await CallAsync("SendOffsetsToTransaction", () => Producer.SendOffsetsToTransaction(offsets, group, CallLimit), abort);
        await CallAsync("CommitTransaction", () => Producer.CommitTransaction(CallLimit), abort);
        InTransaction = false;
    }

    public async Task AbortAsync(CancellationToken abort)
    {
        await CallAsync("AbortTransaction", () => Producer.AbortTransaction(CallLimit), abort);
        InTransaction = false;
    }

    /// <summary>A client that is stuck cannot be disposed of either; it ends with the process.</summary>
    public void Dispose()
    {
        if (!_stuck)
        {
            _producer?.Dispose();
        }
    }

    private async Task CallAsync(string name, Action call, CancellationToken abort)
    {
        var began = time.GetTimestamp();
        var told = -Silence;
        for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            try
            {
                // Its own thread for the time of the call, because librdkafka's transaction calls block.
                await ReturnedAsync(name, Task.Factory.StartNew(call, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default), abort);
                return;
            }
            catch (KafkaException e) when (e.Tier() == FaultTier.Retriable)
            {
                health.OutputsFine(false, $"{name} has not succeeded yet ({e.Error.Code}: {e.Error.Reason}); trying again");
                var elapsed = time.GetElapsedTime(began);
                if (elapsed - told >= Silence)
                {
                    told = elapsed;
                    LogAgain(logger, name, elapsed, e.Error.Code, e.Error.Reason);
                }

                await Task.Delay(pause, time, abort);
            }
        }
    }

    /// <summary>Waits for a call, by the real clock: native code does not heed another one. At an abort it is still given the time it was promised.</summary>
    /// <exception cref="TimeoutException">It does not come back; the producer must not be used any more.</exception>
    private async Task ReturnedAsync(string name, Task call, CancellationToken abort)
    {
        try
        {
            await call.WaitAsync(_patience, abort);
        }
        catch (OperationCanceledException) when (!call.IsCompleted)
        {
            await GivenUpAsync(name, call, _patience < 2 * CallLimit ? _patience : 2 * CallLimit);
        }
        catch (TimeoutException) when (!call.IsCompleted)
        {
            await GivenUpAsync(name, call, TimeSpan.Zero);
        }
    }

    private async Task GivenUpAsync(string name, Task call, TimeSpan last)
    {
        try
        {
            await call.WaitAsync(last);
        }
        catch (TimeoutException) when (!call.IsCompleted)
        {
            // Fatal tier: only a new process helps. The brokers end the transaction, at Settle:TransactionTimeout or when its name comes back.
            _stuck = true;
            InTransaction = false;
            throw new TimeoutException($"The Kafka client is stuck: its call {name}, which was given {CallLimit.TotalSeconds:F0} s, has not come back. Start the worker again; nothing uncommitted is lost, it is read again.");
        }
    }

    /// <summary>A call of a transaction timed out or met a broker that moves; it is repeated, with waits up to 2 s, and told once a minute. The worker is not ready meanwhile.</summary>
    /// <remarks>A line at a broker's restart is the rule. If they go on: look at the transaction coordinator (the leader of a partition of <c>__transaction_state</c>).</remarks>
    [LoggerMessage(1110, LogLevel.Warning, "{Call} has not succeeded for {Elapsed} ({Code}: {Reason}); the worker is not ready and tries again until it does.")]
    private static partial void LogAgain(ILogger logger, string call, TimeSpan elapsed, ErrorCode code, string reason);
}
