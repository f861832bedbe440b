using Confluent.Kafka;
using Confluent.Kafka.Admin;
using StreamScorer.Demo;

namespace StreamScorer.Tests.Demo;

public sealed class EmbeddedBrokerTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);

    private readonly EmbeddedBroker _broker = new(brokers: 2);

    public void Dispose() => _broker.Dispose();

    [Fact]
    public void BootstrapServers_ShouldNameEveryBrokerOnLoopback()
    {
        var servers = _broker.BootstrapServers.Split(',');

        Assert.Equal(2, servers.Length);
        Assert.All(servers, server => Assert.StartsWith("127.0.0.1:", server, StringComparison.Ordinal));
    }

    [Fact]
    public void CreateTopic_ShouldMakeThatManyPartitions()
    {
        _broker.CreateTopic("wide", 7);

        using var admin = Admin();
        Assert.Equal(7, admin.GetMetadata("wide", Limit).Topics.Single().Partitions.Count);
    }

    [Fact]
    public void CreateTopic_ShouldThrow_WhenTheTopicExists()
    {
        _broker.CreateTopic("twice", 1);

        Assert.Throws<KafkaException>(() => _broker.CreateTopic("twice", 1));
    }

    [Fact]
    public async Task DescribeCluster_ShouldAnswer_BecauseThereIsAController()
    {
        using var admin = Admin();

        var cluster = await admin.DescribeClusterAsync(new DescribeClusterOptions { RequestTimeout = Limit });

        Assert.Equal(1, cluster.Controller.Id);
        Assert.Equal(2, cluster.Nodes.Count);
    }

    [Fact]
    public async Task FailNext_ShouldReachTheProducer_WhenTheErrorIsFinal()
    {
        _broker.CreateTopic("failing", 1);
        _broker.FailNext(BrokerRequest.Produce, ErrorCode.MsgSizeTooLarge);
        using var producer = Producer();

        var fault = await Assert.ThrowsAsync<ProduceException<Null, string>>(() => SendAsync(producer, "failing"));
        var next = await SendAsync(producer, "failing");

        Assert.Equal(ErrorCode.MsgSizeTooLarge, fault.Error.Code);
        Assert.Equal(PersistenceStatus.Persisted, next.Status);
    }

    [Fact]
    public async Task ClearFailures_ShouldTakeBackWhatNoRequestMet()
    {
        _broker.CreateTopic("cleared", 1);
        _broker.FailNext(BrokerRequest.Produce, ErrorCode.MsgSizeTooLarge);
        _broker.ClearFailures(BrokerRequest.Produce);
        using var producer = Producer();

        Assert.Equal(PersistenceStatus.Persisted, (await SendAsync(producer, "cleared")).Status);
    }

    [Fact]
    public async Task SetUp_ShouldLetWaitingRecordsThrough_AfterSetDown()
    {
        _broker.CreateTopic("outage", 1);
        using var producer = Producer();
        await SendAsync(producer, "outage");
        _broker.SetDown();

        var waiting = producer.ProduceAsync("outage", new Message<Null, string> { Value = "during" });
        Assert.False(waiting.IsCompleted);
        _broker.SetUp();

        Assert.Equal(1, (await waiting.WaitAsync(Limit)).Offset.Value);
    }

    [Fact]
    public async Task SetRoundTripTime_ShouldDelayAnswers()
    {
        _broker.CreateTopic("slow", 1);
        using var producer = Producer();
        await SendAsync(producer, "slow");
        _broker.SetRoundTripTime(TimeSpan.FromMilliseconds(200));

        var started = TimeProvider.System.GetTimestamp();
        await SendAsync(producer, "slow");

        Assert.True(TimeProvider.System.GetElapsedTime(started) >= TimeSpan.FromMilliseconds(150));
    }

    [Fact]
    public void Calls_ShouldThrow_WhenDisposed()
    {
        var broker = new EmbeddedBroker();
        broker.Dispose();
        broker.Dispose();

        Assert.Throws<ObjectDisposedException>(() => broker.SetDown());
    }

    private static Task<DeliveryResult<Null, string>> SendAsync(IProducer<Null, string> producer, string topic)
        => producer.ProduceAsync(topic, new Message<Null, string> { Value = "x" }).WaitAsync(Limit);

    private IProducer<Null, string> Producer()
        => new ProducerBuilder<Null, string>(new ProducerConfig { BootstrapServers = _broker.BootstrapServers, LingerMs = 0 }).SetLogHandler((_, _) => { }).Build();

    private IAdminClient Admin() => new AdminClientBuilder(new AdminClientConfig { BootstrapServers = _broker.BootstrapServers }).Build();
}
