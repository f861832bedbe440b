using System.Threading.Channels;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using StreamScorer.Operate;
using StreamScorer.Settle;

namespace StreamScorer.Publish;

/// <summary>
/// Sends the outcomes of each micro-batch in input order into a transaction and commits it, offsets included, when it is due. It is the
/// only caller of its producer, so a micro-batch that is scored during a commit waits in the hand-over, and the device does not.
/// </summary>
/// <param name="producer">Disposed of with the stage.</param>
/// <param name="membership">Our place in the consumer group at this moment, null when we have none.</param>
/// <param name="backlog">Records that no stage has begun.</param>
internal sealed partial class ExactlyOnceStage(
    OutcomeSender sender, OffsetLedger ledger, Func<IConsumerGroupMetadata?> membership, Func<long> backlog, TransactionalProducer producer, SettleOptions options, Telemetry telemetry, HealthState health, TimeProvider time, ILogger<ExactlyOnceStage> logger) : IPublishStage
{
    /// <summary>Records are kept until their transaction ends, so a long interval under load must not mean memory without bound.</summary>
    private const long MostBytes = 32 << 20;

    /// <summary>How many commit intervals a transaction may last under a backlog.</summary>
    private const int MostIntervals = 10;

    private static readonly Task Never = new TaskCompletionSource().Task;

    private OpenTransaction _open = new();
    private Deliveries _deliveries = new(telemetry.OutputFailed);
    private Task _due = Never;
    private long? _lastCommit;

    public async Task RunAsync(ChannelReader<MicroBatch> input, CancellationToken abort)
    {
        try
        {
            await producer.OpenAsync(abort);
            var arrival = input.WaitToReadAsync(abort).AsTask();
            while (true)
            {
                health.Rests("publish");
                await Task.WhenAny(_due, arrival, _look);
                health.Turned("publish");
                if (_look.IsCompleted)
                {
                    LookAgain();
                }
                else if (_due.IsCompleted && MayGrow())
                {
                    _due = After(options.CommitInterval);
                }
                else if (_due.IsCompleted)
                {
                    // What waits would have to wait for this commit and for the next one; taking it along makes transactions grow
                    // when sending is what limits, as micro-batches grow when the model is.
                    for (var waiting = input.Count; waiting > 0 && _open.Bytes < MostBytes; waiting--)
                    {
                        await PublishAsync(input, abort);
                    }

                    await CommitAsync(abort);
                }
                else if (!await arrival)
                {
                    break;
                }
                else
                {
                    await PublishAsync(input, abort);
                    arrival = input.WaitToReadAsync(abort).AsTask();
                }
            }

            await CommitAsync(abort);
            health.Ended("publish");
        }
        catch (KafkaException fault)
        {
            await GiveUpAsync();
            throw new TransactionException(fault);
        }
        catch
        {
            // Fatal tier: nothing of the open transaction is settled, so its records are read again after a restart.
            await GiveUpAsync();
            throw;
        }
    }

    public void Dispose() => producer.Dispose();

    private async Task PublishAsync(ChannelReader<MicroBatch> input, CancellationToken abort)
    {
        if (!input.TryRead(out var batch))
        {
            return;
        }

        var started = time.GetTimestamp();
        var (current, gone) = ledger.Sort(batch);
        sender.CountVoid(gone);
        if (current.Count == 0)
        {
            batch.Trace?.End(isVoid: true);
            return;
        }

        try
        {
            _open.Add(current, batch.Trace); // before they are sent, so that an abort knows of them
            Begin();
            await sender.SendAsync(producer.Producer, current, _deliveries, abort);
            _due = _open.Bytes < MostBytes ? _due : Task.CompletedTask;
            telemetry.Step("publish", time.GetElapsedTime(started).TotalSeconds);
            batch.Trace?.Step("publish", started);
        }
        catch (KafkaException e)
        {
            await RecoverAsync(e, abort);
        }
        catch (DeliveryException e) when (!e.IsRefusal)
        {
            // Abortable tier: the client takes nothing more in this transaction, and a produce call does not say why.
            if (membership() is { } group && await producer.FaultAsync(_open.Offsets, group, abort) is { } fault)
            {
                await RecoverAsync(fault, abort);
            }
            else
            {
                await RollBackAsync("failed", e.Message, abort);
            }
        }
    }

    private void Begin()
    {
        if (producer.InTransaction)
        {
            return;
        }

        producer.Begin();
        var wait = _lastCommit is { } last ? options.CommitInterval - time.GetElapsedTime(last) : TimeSpan.Zero;
        _due = wait > TimeSpan.Zero ? After(wait) : Task.CompletedTask;
    }

    private Task<Task> After(TimeSpan wait) => Task.WhenAny(Task.Delay(wait, time), ledger.Awaited);

    /// <summary>
    /// A commit costs the brokers about the same however much it covers, and a reader who waits for a backlog anyway does not miss the time. So while
    /// more waits than the transaction holds, it goes on for another interval.
    /// </summary>
    private bool MayGrow()
    {
        var most = MostIntervals * options.CommitInterval;
        var limit = most < options.TransactionTimeout / 4 ? most : options.TransactionTimeout / 4;
        return producer.Age + options.CommitInterval <= limit && _open.Bytes < MostBytes && !ledger.Awaited.IsCompleted && ledger.AreCurrent(_open.Epochs) && backlog() > _open.Entries.Count;
    }

    private async Task CommitAsync(CancellationToken abort)
    {
        abort.ThrowIfCancellationRequested();
        if (!producer.InTransaction)
        {
            return;
        }

        var started = time.GetTimestamp();

        // In this order: a partition that is still ours after the membership was read was ours under that membership, so the group
        // refuses the offsets should it have given the partition away by the time they come. Kafka checks the membership, not the partitions.
        if (membership() is not { } group || !ledger.AreCurrent(_open.Epochs))
        {
            await RollBackAsync("revoked", "it held records of partitions that were revoked meanwhile", abort);
            return;
        }

        try
        {
            await producer.CommitAsync(_open.Offsets, group, abort);
        }
        catch (KafkaException e)
        {
            await RecoverAsync(e, abort);
            return;
        }

        ledger.Settle(_open.Entries);
        sender.Count(_open.Entries);
        _open.EndTraces("settle", started);
        var seconds = time.GetElapsedTime(started).TotalSeconds;
        telemetry.TransactionCommitted(seconds);
        telemetry.Step("settle", seconds);
        health.OutputsFine(true);
        _pause = FirstPause;
        _lastCommit = started;
        Clear();
    }

    private void Clear() => (_open, _deliveries, _due) = (new OpenTransaction(), new Deliveries(telemetry.OutputFailed), Never);
}
