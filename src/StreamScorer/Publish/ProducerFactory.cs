using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using StreamScorer.Configure;
using StreamScorer.Operate;
using StreamScorer.Settle;

namespace StreamScorer.Publish;

/// <summary>Makes producers as the delivery mode needs them. More than one only when the brokers gave up on the one before.</summary>
internal sealed partial class ProducerFactory
{
    private readonly KafkaOptions _kafka;
    private readonly ILogger _logger;
    private readonly ProducerConfig _config;
    private readonly Telemetry _telemetry;
    private readonly LogGate _gate;

    public ProducerFactory(Settings settings, Telemetry telemetry, TimeProvider time, ILogger<ProducerFactory> logger)
    {
        (_kafka, _telemetry, _logger) = (settings.Kafka, telemetry, logger);
        _config = ClientConfiguration(settings);
        _gate = new LogGate(time);
    }

    public IProducer<byte[]?, byte[]?> Build() => new ProducerBuilder<byte[]?, byte[]?>(_config)
        .SetKeySerializer(Bytes.Instance)
        .SetValueSerializer(Bytes.Instance)
        .SetOAuthBearerTokenRefreshHandler(_kafka.TokenHandler)
        .SetErrorHandler((_, error) => Tell(error))
        .SetLogHandler((_, message) => LogClient(_logger, message.Facility, message.Message))
        .Build();

    private void Tell(Error error)
    {
        _telemetry.ClientFailed("producer");
        if (_gate.Opens(1101, (int)error.Code, out var more))
        {
            LogClientError(_logger, error.Code, error.Reason, more);
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
        if (settings.Settle.Delivery == Delivery.ExactlyOnce)
        {
            config.TransactionalId = TransactionalId(settings.Kafka);
            config.TransactionTimeoutMs = (int)settings.Settle.TransactionTimeout.TotalMilliseconds;

            // Sooner than a record times out, so that a missing topic is told by its name.
            config.TopicMetadataPropagationMaxMs ??= config.TransactionTimeoutMs / 3;

            // A record cannot outlive its transaction, and the client refuses a longer limit.
            config.MessageTimeoutMs = Math.Min(config.MessageTimeoutMs.Value, config.TransactionTimeoutMs.Value);
        }

        return config;
    }

    /// <summary>
    /// A name that comes back after a restart lets the new process end the transaction that the old one left open. Without one the name need
    /// only be unique: whether a worker may still commit is decided by its place in the consumer group, which every commit names.
    /// Both begin with the group, so that one access rule (prefix) covers all workers.
    /// </summary>
    private static string TransactionalId(KafkaOptions kafka) => $"{kafka.GroupId}-{kafka.GroupInstanceId ?? Guid.NewGuid().ToString("N")}";

    /// <summary>Bytes as they are; null goes out as null.</summary>
    private sealed class Bytes : ISerializer<byte[]?>
    {
        public static readonly Bytes Instance = new();

        public byte[] Serialize(byte[]? data, SerializationContext context) => data!;
    }

    /// <summary>As 1001, of the client that writes.</summary>
    /// <remarks>As for 1001.</remarks>
    [LoggerMessage(1101, LogLevel.Warning, "Kafka producer: {Code}: {Reason}{More}")]
    private static partial void LogClientError(ILogger logger, ErrorCode code, string reason, string more);

    /// <summary>As 1002, of the client that writes.</summary>
    /// <remarks>-</remarks>
    [LoggerMessage(1102, LogLevel.Debug, "Kafka producer {Facility}: {Message}")]
    private static partial void LogClient(ILogger logger, string facility, string message);
}
