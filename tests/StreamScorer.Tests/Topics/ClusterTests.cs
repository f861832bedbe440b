using Confluent.Kafka;
using StreamScorer.Demo;
using StreamScorer.Operate;
using StreamScorer.Tests.EndToEnd;
using StreamScorer.Tests.Kafka;
using StreamScorer.Topics;

namespace StreamScorer.Tests.Topics;

public sealed class ClusterTests
{
    /// <summary>The brokers' answers while the group's coordinator moves, or is made for the first group that a cluster is asked for.</summary>
    [Theory]
    [InlineData(ErrorCode.NotCoordinatorForGroup)]
    [InlineData(ErrorCode.GroupCoordinatorNotAvailable)]
    [InlineData(ErrorCode.GroupLoadInProgress)]
    public async Task CommittedAsync_ShouldAskAgain_WhenTheCoordinatorMoves(ErrorCode answer)
    {
        using var kafka = new EmbeddedKafka();
        var harness = await WorkerHarness.CreateAsync(kafka, partitions: 2);
        using (var consumer = new ConsumerBuilder<byte[]?, byte[]?>(new ConsumerConfig { BootstrapServers = kafka.BootstrapServers, GroupId = harness.Settings.Kafka.GroupId }).SetLogHandler((_, _) => { }).Build())
        {
            consumer.Commit([new TopicPartitionOffset(harness.Input, 1, 7)]);
        }

        using var cluster = Cluster.Connect(harness.Settings.Kafka);
        kafka.Broker.FailNext(BrokerRequest.OffsetFetch, answer, answer);

        Assert.Equal([KeyValuePair.Create(1, 7L)], await cluster.CommittedAsync(harness.Settings.Kafka.GroupId, harness.Input));
    }

    [Fact]
    public async Task CommittedAsync_ShouldSayWhatToGrant_WhenTheGroupIsDenied()
    {
        using var kafka = new EmbeddedKafka();
        var harness = await WorkerHarness.CreateAsync(kafka, partitions: 1);
        using var cluster = Cluster.Connect(harness.Settings.Kafka);
        kafka.Broker.FailNext(BrokerRequest.OffsetFetch, ErrorCode.GroupAuthorizationFailed);

        var fault = await Assert.ThrowsAsync<StartupException>(() => cluster.CommittedAsync("theirs", harness.Input));

        Assert.Contains("Grant this user DESCRIBE on group 'theirs'", fault.Message, StringComparison.Ordinal);
    }
}
