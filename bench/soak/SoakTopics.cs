using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Soak;

/// <summary>The four topics of a soak.</summary>
internal sealed record SoakTopics(string Posts, string Scored, string Flagged, string DeadLetter)
{
    public static SoakTopics Named(string posts) => new(posts, $"{posts}.scored", $"{posts}.flagged", $"{posts}.dead-letter");

    public IReadOnlyList<string> Outputs => [Scored, Flagged, DeadLetter];

    /// <param name="which">Those to create; null: all.</param>
    public async Task CreateAsync(IReadOnlyDictionary<string, string> client, int partitions, short replicas, Func<string, bool>? which = null)
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig(client.ToDictionary())).Build();
        await admin.CreateTopicsAsync(new[] { Posts, Scored, Flagged, DeadLetter }.Where(topic => which?.Invoke(topic) != false).Select(t => new TopicSpecification { Name = t, NumPartitions = partitions, ReplicationFactor = replicas }));
    }
}
