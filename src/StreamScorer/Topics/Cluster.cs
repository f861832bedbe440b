using Confluent.Kafka;
using Confluent.Kafka.Admin;
using StreamScorer.Configure;
using StreamScorer.Operate;
using StreamScorer.Settle;

namespace StreamScorer.Topics;

/// <summary>What the tools ask the brokers before they read: partitions, first and last offsets, offsets by time, positions of a group.</summary>
internal sealed class Cluster : IDisposable
{
    /// <summary>The brokers make the topic of the groups' offsets when a group is first asked for, and until that is done nobody answers for one.</summary>
    private static readonly TimeSpan CoordinatorLimit = TimeSpan.FromSeconds(30);

    private readonly KafkaOptions _kafka;
    private readonly IAdminClient _admin;
    private readonly IReadOnlyDictionary<string, int[]> _partitions;

    private Cluster(KafkaOptions kafka, IAdminClient admin, IReadOnlyDictionary<string, int[]> partitions)
        => (_kafka, _admin, _partitions) = (kafka, admin, partitions);

    /// <exception cref="StartupException">No broker answers, or it does not let this user in.</exception>
    public static Cluster Connect(KafkaOptions kafka)
    {
        var (admin, metadata) = KafkaConnection.Open(kafka);
        var partitions = metadata.Topics
            .Where(topic => topic.Error.Code == ErrorCode.NoError)
            .ToDictionary(topic => topic.Topic, topic => topic.Partitions.Select(p => p.PartitionId).Order().ToArray(), StringComparer.Ordinal);
        return new Cluster(kafka, admin, partitions);
    }

    /// <summary>Numbers of the topic's partitions, in order.</summary>
    /// <exception cref="StartupException">There is no such topic, or this user may not see it.</exception>
    public IReadOnlyList<int> Partitions(string topic) => _partitions.TryGetValue(topic, out var found)
        ? found
        : throw new StartupException($"The topic '{topic}' does not exist at {_kafka.BootstrapServers}, or this user may not see it. {Known()}");

    /// <summary>The first offset that is still there, by partition.</summary>
    public Task<IReadOnlyDictionary<int, long>> BeginAsync(string topic) => OffsetsAsync(topic, OffsetSpec.Earliest());

    /// <summary>One past the last offset, by partition; what transactions have not decided yet counts in.</summary>
    public Task<IReadOnlyDictionary<int, long>> EndAsync(string topic) => OffsetsAsync(topic, OffsetSpec.Latest());

    /// <summary>The first record of that time or later, by partition; where there is none, the end.</summary>
    public async Task<IReadOnlyDictionary<int, long>> AtAsync(string topic, DateTimeOffset time)
    {
        var ends = await EndAsync(topic);
        var found = await OffsetsAsync(topic, OffsetSpec.ForTimestamp(time.ToUnixTimeMilliseconds()));
        return found.ToDictionary(offset => offset.Key, offset => offset.Value < 0 ? ends[offset.Key] : offset.Value);
    }

    /// <summary>What the group has committed, by partition; partitions without an offset are left out. Joins nothing.</summary>
    /// <remarks>Through a consumer, because librdkafka's admin client crashes when the group's coordinator moves at that moment, or is only being made (its issue 5040).</remarks>
    public async Task<IReadOnlyDictionary<int, long>> CommittedAsync(string group, string topic)
    {
        var partitions = Partitions(topic).Select(p => new TopicPartition(topic, p)).ToList();
        using var consumer = Bystander(group);
        for (var started = TimeProvider.System.GetTimestamp(); ;)
        {
            try
            {
                var answer = await Task.Run(() => consumer.Committed(partitions, _kafka.ConnectTimeout));
                return answer.Where(p => p.Offset.Value >= 0).ToDictionary(p => p.Partition.Value, p => p.Offset.Value);
            }
            catch (KafkaException e) when (e.Tier() == FaultTier.Retriable && TimeProvider.System.GetElapsedTime(started) < CoordinatorLimit)
            {
                // Pressure tier: the client looks for the coordinator meanwhile.
                await Task.Delay(TimeSpan.FromMilliseconds(200));
            }
            catch (KafkaException e)
            {
                var error = e is TopicPartitionOffsetException some ? some.Results.First(p => p.Error.IsError).Error : e.Error;
                throw Fault($"The offsets of group '{group}'", error, $"Grant this user DESCRIBE on group '{group}'.");
            }
        }
    }

    /// <summary>A failed call as the one line that a person reads.</summary>
    public static StartupException Fault(string what, Error error, string grant) => error.Code switch
    {
        ErrorCode.TopicAuthorizationFailed or ErrorCode.GroupAuthorizationFailed or ErrorCode.ClusterAuthorizationFailed or ErrorCode.TransactionalIdAuthorizationFailed
            => new StartupException($"{what}: not authorized ({error.Code}). {grant}"),
        _ => new StartupException($"{what}: {error.Reason} ({error.Code})."),
    };

    public void Dispose() => _admin.Dispose();

    /// <summary>Speaks in the group's name and never joins it.</summary>
    private IConsumer<byte[]?, byte[]?> Bystander(string group)
    {
        var config = _kafka.Client<ConsumerConfig>();
        config.GroupId = group;
        config.GroupInstanceId = null;
        config.EnableAutoCommit = false;
        config.IsolationLevel = IsolationLevel.ReadUncommitted; // else an offset that an open transaction is about to commit would be waited for
        return new ConsumerBuilder<byte[]?, byte[]?>(config)
            .SetOAuthBearerTokenRefreshHandler(_kafka.TokenHandler)
            .SetErrorHandler((_, _) => { })
            .SetLogHandler((_, _) => { })
            .Build();
    }

    private async Task<IReadOnlyDictionary<int, long>> OffsetsAsync(string topic, OffsetSpec spec)
    {
        try
        {
            var asked = Partitions(topic).Select(p => new TopicPartitionOffsetSpec { TopicPartition = new TopicPartition(topic, p), OffsetSpec = spec });
            var answer = await _admin.ListOffsetsAsync(asked, new ListOffsetsOptions { IsolationLevel = IsolationLevel.ReadUncommitted, RequestTimeout = _kafka.ConnectTimeout });
            return answer.ResultInfos.ToDictionary(found => found.TopicPartitionOffsetError.Partition.Value, found => found.TopicPartitionOffsetError.Offset.Value);
        }
        catch (ListOffsetsException e)
        {
            throw Fault($"The offsets of '{topic}'", e.Result.ResultInfos.First(info => info.TopicPartitionOffsetError.Error.IsError).TopicPartitionOffsetError.Error, Grant(topic));
        }
        catch (KafkaException e)
        {
            throw Fault($"The offsets of '{topic}'", e.Error, Grant(topic));
        }
    }

    private string Known() => _partitions.Keys.Where(name => !name.StartsWith("__", StringComparison.Ordinal)).Order(StringComparer.Ordinal).Take(8).ToList() is { Count: > 0 } names
        ? $"Topics seen: {string.Join(", ", names)}{(_partitions.Count > names.Count ? ", …" : "")}."
        : "No topic is to be seen at all.";

    private static string Grant(string topic) => $"Grant this user DESCRIBE on topic '{topic}'.";
}
