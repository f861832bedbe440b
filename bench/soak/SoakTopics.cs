using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Soak;

/// <summary>The four topics of a soak.</summary>
internal sealed record SoakTopics(string Posts, string Scored, string Flagged, string DeadLetter)
{
    public static SoakTopics Named(string posts) => new(posts, $"{posts}.scored", $"{posts}.flagged", $"{posts}.dead-letter");

    public IReadOnlyList<string> Outputs => [Scored, Flagged, DeadLetter];

    public async Task CreateAsync(string servers, int partitions, short replicas)
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = servers }).Build();
        await admin.CreateTopicsAsync(new[] { Posts, Scored, Flagged, DeadLetter }.Select(t => new TopicSpecification { Name = t, NumPartitions = partitions, ReplicationFactor = replicas }));
    }
}
