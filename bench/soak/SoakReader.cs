using Confluent.Kafka;

namespace Soak;

/// <summary>Reads the outputs from their beginning, as a consumer of results does.</summary>
internal sealed class SoakReader : IDisposable
{
    private readonly IConsumer<byte[]?, byte[]?> _consumer;
    private readonly HashSet<TopicPartition> _atEnd = [];
    private readonly int _partitions;

    public SoakReader(IReadOnlyDictionary<string, string> client, SoakTopics topics, IsolationLevel isolation = IsolationLevel.ReadCommitted)
    {
        _consumer = new ConsumerBuilder<byte[]?, byte[]?>(new ConsumerConfig(client.ToDictionary())
        {
            GroupId = $"soak-reader-{Guid.NewGuid():N}",
            EnableAutoCommit = false,
            EnablePartitionEof = true,
            AutoOffsetReset = AutoOffsetReset.Error,
            IsolationLevel = isolation,
            FetchWaitMaxMs = 100,
            QueuedMaxMessagesKbytes = 32_768,
        }).SetKeyDeserializer(Plain.Instance).SetValueDeserializer(Plain.Instance).SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => { }).Build();
        using var admin = new DependentAdminClientBuilder(_consumer.Handle).Build();
        var all = topics.Outputs.SelectMany(topic => Partitions(admin, topic).Select(p => new TopicPartitionOffset(topic, p.PartitionId, Offset.Beginning))).ToList();
        _partitions = all.Count;
        _consumer.Assign(all);
    }

    /// <summary>Waits for a topic that is not there yet.</summary>
    private static List<PartitionMetadata> Partitions(IAdminClient admin, string topic)
    {
        while (true)
        {
            if (admin.GetMetadata(topic, TimeSpan.FromSeconds(30)).Topics.Single().Partitions is { Count: > 0 } partitions)
            {
                return partitions;
            }

            Thread.Sleep(500);
        }
    }

    /// <summary>Every partition has been read to where it ended at that moment.</summary>
    public bool IsAtEnd => _atEnd.Count == _partitions;

    /// <returns>The next record; null when none came in time or a partition was at its end.</returns>
    public ConsumeResult<byte[]?, byte[]?>? Next(TimeSpan wait)
    {
        ConsumeResult<byte[]?, byte[]?>? result;
        try
        {
            result = _consumer.Consume(wait);
        }
        catch (ConsumeException e) when (!e.Error.IsFatal && e.Error.Code is not ErrorCode.Local_AutoOffsetReset)
        {
            return null; // a broker is away; the client finds the next one
        }

        if (result is null)
        {
            return null;
        }

        if (result.IsPartitionEOF)
        {
            _atEnd.Add(result.TopicPartition);
            return null;
        }

        _atEnd.Remove(result.TopicPartition);
        return result;
    }

    public void Dispose()
    {
        _consumer.Close();
        _consumer.Dispose();
    }

    private sealed class Plain : IDeserializer<byte[]?>
    {
        public static readonly Plain Instance = new();

        public byte[]? Deserialize(ReadOnlySpan<byte> data, bool isNull, SerializationContext context) => isNull ? null : data.ToArray();
    }
}
