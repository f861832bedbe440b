using System.Threading.Channels;
using Confluent.Kafka;
using StreamScorer.Operate;
using StreamScorer.Settle;

namespace StreamScorer.Publish;

/// <summary>Sends the outcomes of each micro-batch in input order, waits until all are acknowledged, and only then settles it; Consume commits.</summary>
internal sealed class AtLeastOnceStage(OutcomeSender sender, OffsetLedger ledger, ProducerFactory producers, Telemetry telemetry, HealthState health, TimeProvider time) : IPublishStage
{
    /// <summary>So long an acknowledgement may take before the worker says that outputs fail.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly IProducer<byte[]?, byte[]?> _producer = producers.Build();

    public async Task RunAsync(ChannelReader<MicroBatch> input, CancellationToken abort)
    {
        while (await input.WaitToReadAsync(abort))
        {
            while (input.TryRead(out var batch))
            {
                health.Turned("publish");
                await PublishAsync(batch, abort);
                health.Rests("publish");
            }
        }

        health.Ended("publish");
    }

    public void Dispose() => _producer.Dispose();

    private async Task PublishAsync(MicroBatch batch, CancellationToken abort)
    {
        var started = time.GetTimestamp();
        var deliveries = new Deliveries(telemetry.OutputFailed);
        var (current, gone) = ledger.Sort(batch);
        sender.CountVoid(gone);
        try
        {
            await sender.SendAsync(_producer, current, deliveries, abort);
            await AcknowledgedAsync(deliveries.AllAsync(abort), started, abort);
            health.OutputsFine(true);
        }
        catch (DeliveryException e)
        {
            // Fatal tier: the micro-batch is not settled, so its records are read again after a restart. Never skipped.
            health.OutputsFine(false, e.Message);
            telemetry.ProduceFailed();
            throw;
        }

        ledger.Settle(current);
        telemetry.Step("publish", time.GetElapsedTime(started).TotalSeconds);
        sender.Count(current);
        batch.Trace?.Step("publish", started);
        batch.Trace?.End();
    }

    /// <summary>Publish:DeliveryTimeout is the limit. Until then the worker is not ready, and alive: its waiting loops are not stuck.</summary>
    private async Task AcknowledgedAsync(Task all, long started, CancellationToken abort)
    {
        while (await Task.WhenAny(all, Task.Delay(Patience, time, abort)) != all)
        {
            abort.ThrowIfCancellationRequested();
            health.OutputsFine(false, $"records are not acknowledged for {time.GetElapsedTime(started).TotalSeconds:F0} s");
        }

        await all;
    }
}
