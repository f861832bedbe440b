using System.Threading.Channels;
using Confluent.Kafka;
using StreamScorer.Operate;
using StreamScorer.Settle;

namespace StreamScorer.Publish;

/// <summary>Sends the outcomes of each micro-batch in input order, waits until all are acknowledged, and only then settles it; Consume commits.</summary>
internal sealed class AtLeastOnceStage(OutcomeSender sender, OffsetLedger ledger, ProducerFactory producers, Telemetry telemetry, HealthState health, TimeProvider time) : IPublishStage
{
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
            await deliveries.AllAsync(abort);
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
    }
}
