using Confluent.Kafka;

namespace StreamScorer.Tests.Kafka;

/// <summary>A Kafka to test against, and what a test needs to do from outside: make topics, write, read, ask for offsets.</summary>
public abstract class TestKafka
{
    /// <summary>For waits that end within a second unless something is broken.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public abstract string BootstrapServers { get; }

    /// <summary>Transactions that are worth the name: aborted data unseen, offsets committed with them, zombies fenced.</summary>
    public abstract bool HasTransactions { get; }

    /// <summary>A topic or group name that no other test uses, since tests share brokers.</summary>
    public static string Unique(string name) => $"{name}.{Guid.NewGuid():N}";

    public abstract Task CreateTopicAsync(string topic, int partitions);

    /// <summary>A producer for transactions, ready to begin one; only where Kafka has them.</summary>
    public IProducer<byte[]?, byte[]?> Transactional()
    {
        var producer = new ProducerBuilder<byte[]?, byte[]?>(new ProducerConfig { BootstrapServers = BootstrapServers, TransactionalId = Unique("test") }).SetLogHandler((_, _) => { }).Build();
        producer.InitTransactions(Limit);
        return producer;
    }

    /// <summary>Writes records in order and waits until all are acknowledged.</summary>
    /// <param name="partition">Null: chosen by the key, as Java clients do.</param>
    /// <returns>One a record, in their order, with partition and offset.</returns>
    public async Task<IReadOnlyList<DeliveryResult<byte[]?, byte[]?>>> ProduceAsync(string topic, IEnumerable<Message<byte[]?, byte[]?>> messages, int? partition = null)
    {
        using var producer = new ProducerBuilder<byte[]?, byte[]?>(new ProducerConfig
        {
            BootstrapServers = BootstrapServers,
            Acks = Acks.All,
            MaxInFlight = 1, // keeps the order when a request is repeated, without the round trips of an idempotent producer
            LingerMs = 5,
            MessageMaxBytes = 8 << 20,
            Partitioner = Partitioner.Murmur2Random,
        }).SetLogHandler((_, _) => { }).Build();
        var target = new TopicPartition(topic, partition ?? Partition.Any);
        return await Task.WhenAll(messages.Select(message => producer.ProduceAsync(target, message))).WaitAsync(Limit);
    }

    /// <summary>Everything the topic holds now, committed transactions only. Order holds within a partition.</summary>
    public Task<IReadOnlyList<ConsumeResult<byte[]?, byte[]?>>> ReadToEndAsync(string topic, TimeSpan? limit = null)
        => Task.Run<IReadOnlyList<ConsumeResult<byte[]?, byte[]?>>>(() => Read(topic, (_, openPartitions) => openPartitions == 0, limit ?? Limit));

    /// <summary>Waits until the topic holds at least so many records, and returns them.</summary>
    /// <param name="isolation">Uncommitted shows what is in open and aborted transactions too.</param>
    /// <exception cref="TimeoutException">There are fewer at the end of the limit; the message says how many.</exception>
    public Task<IReadOnlyList<ConsumeResult<byte[]?, byte[]?>>> ReadAsync(string topic, int count, TimeSpan? limit = null, IsolationLevel isolation = IsolationLevel.ReadCommitted)
        => Task.Run<IReadOnlyList<ConsumeResult<byte[]?, byte[]?>>>(() => Read(topic, (records, _) => records >= count, limit ?? Limit, isolation));

    /// <summary>A group's committed offset by partition; partitions without one are left out.</summary>
    public Task<IReadOnlyDictionary<int, long>> CommittedAsync(string group, string topic) => Task.Run<IReadOnlyDictionary<int, long>>(() =>
    {
        using var consumer = Consumer(group);
        return consumer.Committed(Partitions(consumer, topic), Limit)
            .Where(committed => committed.Offset != Offset.Unset)
            .ToDictionary(committed => committed.Partition.Value, committed => committed.Offset.Value);
    });

    private List<ConsumeResult<byte[]?, byte[]?>> Read(string topic, Func<int, int, bool> done, TimeSpan limit, IsolationLevel isolation = IsolationLevel.ReadCommitted)
    {
        var started = TimeProvider.System.GetTimestamp();
        using var consumer = Consumer(Unique("reader"), isolation);
        var open = Partitions(consumer, topic).ToHashSet();
        consumer.Assign(open.Select(partition => new TopicPartitionOffset(partition, Offset.Beginning)));
        var records = new List<ConsumeResult<byte[]?, byte[]?>>();
        while (!done(records.Count, open.Count))
        {
            var left = limit - TimeProvider.System.GetElapsedTime(started);
            if (left <= TimeSpan.Zero)
            {
                throw new TimeoutException($"'{topic}' gave {records.Count} records within {limit}; that was not all that the test waits for.");
            }

            switch (consumer.Consume(left))
            {
                case { IsPartitionEOF: true } end:
                    open.Remove(end.TopicPartition);
                    break;
                case { } record:
                    records.Add(record);
                    break;
            }
        }

        return records;
    }

    private IConsumer<byte[]?, byte[]?> Consumer(string group, IsolationLevel isolation = IsolationLevel.ReadCommitted)
        => new ConsumerBuilder<byte[]?, byte[]?>(new ConsumerConfig
        {
            BootstrapServers = BootstrapServers,
            GroupId = group,
            EnableAutoCommit = false,
            EnablePartitionEof = true,
            IsolationLevel = isolation,
            FetchWaitMaxMs = 50,
        }).SetLogHandler((_, _) => { }).Build();

    private static List<TopicPartition> Partitions(IConsumer<byte[]?, byte[]?> consumer, string topic)
    {
        using var admin = new DependentAdminClientBuilder(consumer.Handle).Build();
        return admin.GetMetadata(topic, Limit).Topics.Single().Partitions.Select(p => new TopicPartition(topic, p.PartitionId)).ToList();
    }

    protected IAdminClient Admin()
        => new AdminClientBuilder(new AdminClientConfig { BootstrapServers = BootstrapServers }).SetLogHandler((_, _) => { }).Build();
}
