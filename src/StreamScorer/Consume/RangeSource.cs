using Confluent.Kafka;
using StreamScorer.Configure;
using StreamScorer.Score;
using StreamScorer.Settle;
using StreamScorer.Topics;

namespace StreamScorer.Consume;

/// <summary>Fills the intake from a range of a topic that is assigned to nobody but this process: no group, no commits. While the intake is full it waits.</summary>
internal sealed class RangeSource(Settings settings, TopicRange range, Intake intake, OffsetLedger ledger, Progress progress, TimeProvider time)
{
    /// <summary>Records that went into the intake and were not taken back.</summary>
    public long Read { get; private set; }

    /// <summary>Runs to the end of the range, or until <paramref name="stop"/>: then what nothing has begun is left, and what is in work is still scored.</summary>
    public Task RunAsync(CancellationToken stop, CancellationToken abort)
        => Task.Factory.StartNew(() => Run(stop, abort), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private void Run(CancellationToken stop, CancellationToken abort)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stop, abort);
        ledger.Assigned(range.Ranges.Select(r => new TopicPartition(range.Topic, r.Partition)));
        try
        {
            new RangeReader<byte[]?>(settings.Kafka, IsolationLevel.ReadCommitted, Bytes.Instance).Read(range, record => Take(record, end.Token), end.Token);
            intake.Complete();
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            Read -= intake.Withdraw(_ => true).Count;
            intake.Complete();
        }
        catch (Exception fault)
        {
            // Fatal tier: the reader's fault ends the run, and downstream must see it.
            intake.Complete(fault);
            throw;
        }
    }

    private void Take(ConsumeResult<byte[]?, byte[]?> result, CancellationToken end)
    {
        intake.WaitForRoom(settings.Consume.IsFull, end);
        var message = result.Message;
        Read++;
        progress.Add(1);
        intake.Add(new SourceRecord(
            result.Topic,
            result.Partition.Value,
            result.Offset.Value,
            message.Timestamp.UnixTimestampMs,
            message.Key,
            message.Value,
            message.Headers,
            time.GetUtcNow().ToUnixTimeMilliseconds(),
            time.GetTimestamp(),
            ledger.Consumed(result.TopicPartition, result.Offset.Value) ?? 0));
    }
}
