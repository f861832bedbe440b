using System.Threading.Channels;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using StreamScorer.Configure;
using StreamScorer.Operate;
using StreamScorer.Settle;
using StreamScorer.Shared.Contracts;

namespace StreamScorer.Publish;

/// <summary>Sends the outcomes of each micro-batch in input order, waits until all are acknowledged, and only then settles it.</summary>
internal sealed partial class PublishStage : IDisposable
{
    private readonly PublishOptions _options;
    private readonly Outcomes _outcomes;
    private readonly OffsetLedger _ledger;
    private readonly Telemetry _telemetry;
    private readonly HealthState _health;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly IProducer<byte[]?, byte[]?> _producer;

    public PublishStage(Settings settings, Outcomes outcomes, OffsetLedger ledger, Telemetry telemetry, HealthState health, TimeProvider time, ILogger<PublishStage> logger)
    {
        (_options, _outcomes, _ledger, _telemetry, _health, _time, _logger) = (settings.Publish, outcomes, ledger, telemetry, health, time, logger);
        _producer = new ProducerBuilder<byte[]?, byte[]?>(ClientConfiguration(settings))
            .SetKeySerializer(Bytes.Instance)
            .SetValueSerializer(Bytes.Instance)
            .SetErrorHandler((_, error) => LogClientError(_logger, error.Code, error.Reason))
            .SetLogHandler((_, message) => LogClient(_logger, message.Facility, message.Message))
            .Build();
    }

    /// <summary>Runs until <paramref name="input"/> is completed and drained.</summary>
    public async Task RunAsync(ChannelReader<MicroBatch> input, CancellationToken abort)
    {
        while (await input.WaitToReadAsync(abort))
        {
            while (input.TryRead(out var batch))
            {
                _health.Turned("publish");
                var started = _time.GetTimestamp();
                await PublishAsync(batch, abort);
                _ledger.Settle(batch);
                _telemetry.Step("publish", _time.GetElapsedTime(started).TotalSeconds);
                Count(batch);
                _health.Rests("publish");
            }
        }

        _health.Ended("publish");
    }

    public void Dispose() => _producer.Dispose();

    private async Task PublishAsync(MicroBatch batch, CancellationToken abort)
    {
        var deliveries = new Deliveries();
        foreach (var entry in batch.Entries)
        {
            if (entry.Reject is not null)
            {
                await SendAsync(_options.DeadLetterTopic, Outcomes.DeadLetter(entry), deliveries, abort);
            }
            else if (entry.Verdict is { } verdict)
            {
                var message = _outcomes.ScoredMessage(entry);
                await SendAsync(_options.ScoredTopic, message, deliveries, abort);
                if (verdict.Decision != Decision.Allow)
                {
                    await SendAsync(_options.FlaggedTopic, message, deliveries, abort);
                }
            }
        }

        try
        {
            await deliveries.AllAsync(abort);
            _health.OutputsFine(true);
        }
        catch (DeliveryException e)
        {
            // Fatal tier: the micro-batch is not settled, so its records are read again after a restart. Never skipped.
            _health.OutputsFine(false, e.Message);
            _telemetry.ProduceFailed();
            throw;
        }
    }

    private async Task SendAsync(string topic, Message<byte[]?, byte[]?> message, Deliveries deliveries, CancellationToken abort)
    {
        var wait = TimeSpan.FromMilliseconds(5);
        while (true)
        {
            try
            {
                _producer.Produce(topic, message, deliveries.Expect());
                return;
            }
            catch (ProduceException<byte[]?, byte[]?> e) when (e.Error.Code == ErrorCode.Local_QueueFull)
            {
                // Pressure tier: the client's own queue is full until the broker catches up.
                deliveries.Withdraw();
                _telemetry.ProduceRetried();
                await Task.Delay(wait, _time, abort);
                wait = TimeSpan.FromMilliseconds(Math.Min(500, wait.TotalMilliseconds * 2));
            }
            catch (ProduceException<byte[]?, byte[]?> e)
            {
                throw new DeliveryException(topic, e.Error);
            }
        }
    }

    private void Count(MicroBatch batch)
    {
        var now = _time.GetTimestamp();
        var clock = _time.GetUtcNow().ToUnixTimeMilliseconds();
        foreach (var entry in batch.Entries)
        {
            var source = entry.Source;
            if (entry.Reject is { } reject)
            {
                _telemetry.DeadLettered(source.Topic, source.Partition, reject.Reason);
            }
            else if (entry.Verdict is { } verdict)
            {
                _telemetry.Scored(source.Topic, source.Partition, verdict.Decision);
                foreach (var flag in verdict.Flags)
                {
                    _telemetry.Flagged(flag);
                }
            }
            else
            {
                _telemetry.Filtered(source.Topic, source.Partition, "tombstone");
            }

            _telemetry.EndToEnd((clock - source.Timestamp) / 1_000.0, _time.GetElapsedTime(source.ConsumedTicks, now).TotalSeconds);
        }
    }

    private static ProducerConfig ClientConfiguration(Settings settings)
    {
        var config = settings.Kafka.Client<ProducerConfig>();
        config.EnableIdempotence = true;
        config.Acks = Acks.All;
        config.CompressionType ??= settings.Publish.Compression;
        config.LingerMs ??= settings.Publish.LingerMs;
        config.MessageTimeoutMs ??= (int)settings.Publish.DeliveryTimeout.TotalMilliseconds;
        config.MessageMaxBytes ??= settings.Publish.MaxMessageBytes;

        // The Java client's partitioner, so that a key meets the same partition number as in topics that Java services fill.
        config.Partitioner ??= Partitioner.Murmur2Random;
        config.DeliveryReportFields = "status";
        return config;
    }

    /// <summary>Bytes as they are; null goes out as null.</summary>
    private sealed class Bytes : ISerializer<byte[]?>
    {
        public static readonly Bytes Instance = new();

        public byte[] Serialize(byte[]? data, SerializationContext context) => data!;
    }

    [LoggerMessage(1101, LogLevel.Warning, "Kafka producer: {Code}: {Reason}")]
    private static partial void LogClientError(ILogger logger, ErrorCode code, string reason);

    [LoggerMessage(1102, LogLevel.Debug, "Kafka producer {Facility}: {Message}")]
    private static partial void LogClient(ILogger logger, string facility, string message);
}
