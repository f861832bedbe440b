using Confluent.Kafka;
using StreamScorer.Operate;
using StreamScorer.Shared.Judge;

namespace StreamScorer.Publish;

/// <summary>Hands outcomes to a producer in input order, and counts them once they are final.</summary>
internal sealed class OutcomeSender(Telemetry telemetry, TimeProvider time)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(500);

    /// <summary>Returns when the client has taken everything; <paramref name="deliveries"/> tells what becomes of it.</summary>
    /// <exception cref="DeliveryException">The client did not take a record.</exception>
    public async Task SendAsync(IProducer<byte[]?, byte[]?> producer, IReadOnlyList<Entry> entries, Deliveries deliveries, CancellationToken abort)
    {
        foreach (var entry in entries)
        {
            foreach (var (topic, message) in entry.Outgoing)
            {
                await SendAsync(producer, topic, message, deliveries, abort);
            }

            entry.Outgoing = [];
        }
    }

    /// <summary>These have their outcomes, for good.</summary>
    public void Count(IReadOnlyList<Entry> entries)
    {
        var now = time.GetTimestamp();
        var clock = time.GetUtcNow().ToUnixTimeMilliseconds();
        foreach (var entry in entries)
        {
            var source = entry.Source;
            if (entry.Reject is { } reject)
            {
                telemetry.DeadLettered(source.Topic, source.Partition, reject.Reason);
            }
            else if (entry.Verdict is { } verdict)
            {
                telemetry.Scored(source.Topic, source.Partition, verdict.Decision);
                CountVerdict(entry, verdict, clock);
            }
            else
            {
                telemetry.Filtered(source.Topic, source.Partition, "tombstone");
            }

            entry.Trace?.End(entry);
            telemetry.Settled(entry);
            telemetry.EndToEnd((clock - source.Timestamp) / 1_000.0, time.GetElapsedTime(source.ConsumedTicks, now).TotalSeconds);
        }
    }

    private void CountVerdict(Entry entry, Verdict verdict, long clock)
    {
        foreach (var flag in verdict.Flags)
        {
            telemetry.Flagged(flag);
        }

        foreach (var why in verdict.Why)
        {
            telemetry.Crossed(why.Head, why.Label, why.Band);
        }

        if (entry.Truncated)
        {
            telemetry.Truncated();
        }

        if (entry.Post?.CreatedAt is { } created)
        {
            telemetry.PostAge(verdict.Decision, (clock - created) / 1_000.0);
        }
    }

    /// <summary>These have no outcome from this worker: whoever owns their partitions reads them again.</summary>
    public void CountVoid(IReadOnlyList<Entry> entries)
    {
        foreach (var entry in entries)
        {
            entry.Trace?.Void();
            telemetry.Voided(entry.Source.Topic, entry.Source.Partition);
        }
    }

    private async Task SendAsync(IProducer<byte[]?, byte[]?> producer, string topic, Message<byte[]?, byte[]?> message, Deliveries deliveries, CancellationToken abort)
    {
        var pause = FirstPause;
        while (true)
        {
            try
            {
                producer.Produce(topic, message, deliveries.Expect());
                return;
            }
            catch (ProduceException<byte[]?, byte[]?> e) when (e.Error.Code == ErrorCode.Local_QueueFull)
            {
                // Pressure tier: the client's own queue is full until the broker catches up.
                deliveries.Withdraw();
                telemetry.ProduceRetried();
                await Task.Delay(pause, time, abort);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
            catch (ProduceException<byte[]?, byte[]?> e)
            {
                telemetry.OutputFailed(topic);
                throw new DeliveryException(topic, e.Error);
            }
        }
    }
}
