using Confluent.Kafka;
using StreamScorer.Demo;

namespace Bench;

/// <summary>An embedded broker with a fresh input topic a round, filled before the clock starts.</summary>
internal sealed class Feed : IDisposable
{
    private const int Partitions = 6;
    private readonly EmbeddedBroker _broker = new();
    private readonly IReadOnlyList<byte[]> _texts;
    private int _round;

    public Feed(IReadOnlyList<byte[]> texts)
    {
        _texts = texts;
        foreach (var topic in new[] { "posts.scored", "posts.flagged", "posts.dead-letter" })
        {
            _broker.CreateTopic(topic, Partitions);
        }
    }

    public string BootstrapServers => _broker.BootstrapServers;

    public string Topic => $"posts-{_round}";

    public void Fill()
    {
        _round++;
        _broker.CreateTopic(Topic, Partitions);
        Append();
    }

    /// <summary>All texts once more into the round's topic.</summary>
    public void Append()
    {
        using var producer = new ProducerBuilder<string, byte[]>(new ProducerConfig { BootstrapServers = BootstrapServers, LingerMs = 50, CompressionType = CompressionType.Lz4 }).Build();
        for (var i = 0; i < _texts.Count; i++)
        {
            producer.Produce(Topic, new Message<string, byte[]> { Key = $"author-{i % 500}", Value = Samples.Post(i, _texts[i]) });
        }

        producer.Flush();
    }

    public void Dispose() => _broker.Dispose();
}
