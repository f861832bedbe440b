using System.Diagnostics;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using StreamScorer.Operate;
using StreamScorer.Settle;

namespace StreamScorer.Publish;

/// <summary>A producer and its transactions: each call is repeated as long as Kafka calls its failure retriable; other failures are the caller's. One caller at a time.</summary>
/// <remarks>
/// librdkafka's SendOffsetsToTransaction does not heed its limit, and never comes back when the group's coordinator went missing from the cluster at the wrong
/// moment, as in any restart of a broker (its issues 5456 and 5511, both open in 2.15). Such a client can be neither used nor disposed of; another one takes its place.
/// </remarks>
/// <param name="patience">For a call that does not come back; null: three times its own limit.</param>
/// <param name="mostGivenUp">Each client that is given up keeps its threads, and a few MiB, until the process ends.</param>
internal sealed partial class TransactionalProducer(Func<IProducer<byte[]?, byte[]?>> build, SettleOptions options, HealthState health, TimeProvider time, ILogger logger, TimeSpan? patience = null, int mostGivenUp = 16) : IDisposable
{
    /// <summary>How long one call may block: less often is asked again, more often the end of the pipeline would have to wait for it.</summary>
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(5);

    /// <summary>A process that was stopped and goes on finds its patience at an end before the call had any time.</summary>
    private static readonly TimeSpan LastChance = TimeSpan.FromSeconds(2);

    /// <summary>At an abort: for the call that is under way, so that readers of committed data need not wait for the brokers to end its transaction.</summary>
    private static readonly TimeSpan AbortPatience = 2 * CallLimit;

    private readonly TimeSpan _patience = patience ?? 3 * CallLimit;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    /// <summary>An outage may last for hours; one line a minute says so as well as ten.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromMinutes(1);

    private IProducer<byte[]?, byte[]?>? _producer;
    private CallThread? _thread;
    private long _begun;
    private int _givenUp;

    /// <summary>For sending within the open transaction.</summary>
    public IProducer<byte[]?, byte[]?> Producer => _producer!;

    public bool InTransaction { get; private set; }

    /// <summary>Of the open transaction.</summary>
    public TimeSpan Age => time.GetElapsedTime(_begun);

    /// <summary>The open transaction is older than the brokers allow, so it is they who ended it, and not another worker of our name.</summary>
    public bool IsOverdue => InTransaction && Age >= options.TransactionTimeout;

    /// <summary>Makes the producer, or a new one in place of one that can do nothing more, and ends what a former one of the same name left open.</summary>
    public async Task OpenAsync(CancellationToken abort)
    {
        while (true)
        {
            abort.ThrowIfCancellationRequested();
            _producer?.Dispose();
            _producer = build();
            _thread ??= new CallThread("transactions");
            try
            {
                await CallAsync("InitTransactions", producer => producer.InitTransactions(CallLimit), abort);
                InTransaction = false;
                return;
            }
            catch (StuckClientException)
            {
                // The next one, until too many were given up.
            }
        }
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
        await CallAsync("SendOffsetsToTransaction", producer => producer.SendOffsetsToTransaction(offsets, group, CallLimit), abort);
        await CallAsync("CommitTransaction", producer => producer.CommitTransaction(CallLimit), abort);
        InTransaction = false;
    }

    /// <summary>Why the client takes no more records in this transaction: its next call says it. Whatever the answer, the transaction must be aborted, for records are missing in it.</summary>
    public async Task<KafkaException?> FaultAsync(IReadOnlyCollection<TopicPartitionOffset> offsets, IConsumerGroupMetadata group, CancellationToken abort)
    {
        try
        {
            await CallAsync("SendOffsetsToTransaction", producer => producer.SendOffsetsToTransaction(offsets, group, CallLimit), abort);
            return null;
        }
        catch (KafkaException e)
        {
            return e;
        }
    }

    /// <summary>Ends the open transaction. That of a client that was given up is ended by the brokers before they let the next one have its name.</summary>
    public async Task AbortAsync(CancellationToken abort)
    {
        if (_producer is null)
        {
            await OpenAsync(abort);
            return;
        }

        await CallAsync("AbortTransaction", producer => producer.AbortTransaction(CallLimit), abort);
        InTransaction = false;
    }

    public void Dispose()
    {
        _producer?.Dispose();
        _thread?.Dispose();
    }

    private async Task CallAsync(string name, Action<IProducer<byte[]?, byte[]?>> call, CancellationToken abort)
    {
        var (producer, thread) = (Producer, _thread!); // a call that begins late must not find the next client
        var began = time.GetTimestamp();
        var told = -Silence;
        for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            try
            {
                await ReturnedAsync(name, thread.RunAsync(() => call(producer)), abort);
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

    /// <summary>Waits for a call, by the real clock: native code does not heed another one.</summary>
    /// <exception cref="StuckClientException">It does not come back; the client is given up.</exception>
    private async Task ReturnedAsync(string name, Task call, CancellationToken abort)
    {
        var began = Stopwatch.GetTimestamp();
        await call.WaitAsync(_patience, abort).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!call.IsCompleted)
        {
            var last = abort.IsCancellationRequested ? AbortPatience : LastChance;
            await call.WaitAsync(last < _patience ? last : _patience, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        if (!call.IsCompleted)
        {
            GiveUp(name, Stopwatch.GetElapsedTime(began));
        }

        await call;
    }

    private void GiveUp(string call, TimeSpan elapsed)
    {
        _thread!.Dispose(); // it goes with its client
        (_producer, _thread) = (null, null);
        if (++_givenUp > mostGivenUp)
        {
            throw new TimeoutException($"The Kafka client is stuck for the {_givenUp}th time: its call {call}, which was given {CallLimit.TotalSeconds:F0} s, has not come back. Start the worker again; nothing uncommitted is lost, it is read again.");
        }

        LogGivenUp(logger, call, elapsed);
        throw new StuckClientException(call, elapsed);
    }

    /// <summary>A call of a transaction timed out or met a broker that moves; it is repeated, with waits up to 2 s, and told once a minute. The worker is not ready meanwhile.</summary>
    /// <remarks>A line at a broker's restart is the rule. If they go on: look at the transaction coordinator (the leader of a partition of <c>__transaction_state</c>).</remarks>
    [LoggerMessage(1110, LogLevel.Warning, "{Call} has not succeeded for {Elapsed} ({Code}: {Reason}); the worker is not ready and tries again until it does.")]
    private static partial void LogAgain(ILogger logger, string call, TimeSpan elapsed, ErrorCode code, string reason);

    /// <summary>A call of the client library did not come back, as happens when the group's coordinator is restarted at the wrong moment. Another client takes the place of that one; what was in the transaction is read again.</summary>
    /// <remarks>Nothing, when brokers were restarted. If it goes on: look at the brokers. The worker ends with exit code 1 when it has happened more than 16 times, because each leaves a few MiB behind.</remarks>
    [LoggerMessage(1111, LogLevel.Warning, "The Kafka client's {Call} has not come back for {Elapsed}; another client takes its place.")]
    private static partial void LogGivenUp(ILogger logger, string call, TimeSpan elapsed);
}
