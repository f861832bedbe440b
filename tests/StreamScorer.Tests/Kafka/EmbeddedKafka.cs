using StreamScorer.Demo;

namespace StreamScorer.Tests.Kafka;

/// <summary>The embedded broker. Made in milliseconds, so every test can have its own.</summary>
public sealed class EmbeddedKafka : TestKafka, IDisposable
{
    internal EmbeddedBroker Broker { get; } = new();

    public override string BootstrapServers => Broker.BootstrapServers;

    /// <summary>It answers every call of a transaction with success, and forgets the offsets.</summary>
    public override bool HasTransactions => false;

    public override Task CreateTopicAsync(string topic, int partitions)
    {
        Broker.CreateTopic(topic, partitions);
        return Task.CompletedTask;
    }

    public void Dispose() => Broker.Dispose();
}
