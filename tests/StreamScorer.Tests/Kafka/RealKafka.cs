using Confluent.Kafka;
using Confluent.Kafka.Admin;
using StreamScorer.Tests.Kafka;

[assembly: AssemblyFixture(typeof(RealKafkaFixture))]

namespace StreamScorer.Tests.Kafka;

/// <summary>A real Kafka, reached by its address alone.</summary>
public sealed class RealKafka(string bootstrapServers) : TestKafka
{
    private const short One = 1;

    public override string BootstrapServers => bootstrapServers;

    public override bool HasTransactions => true;

    public override Task CreateTopicAsync(string topic, int partitions) => CreateTopicAsync(topic, partitions, []);

    /// <param name="settings">Kafka's own, such as cleanup.policy.</param>
    public async Task CreateTopicAsync(string topic, int partitions, Dictionary<string, string> settings)
    {
        using var admin = Admin();
        await admin.CreateTopicsAsync([new TopicSpecification { Name = topic, NumPartitions = partitions, ReplicationFactor = One, Configs = settings }]);

        // Created is not yet known everywhere: a client that asks too early makes it appear missing.
        var started = TimeProvider.System.GetTimestamp();
        while (admin.GetMetadata(topic, Limit).Topics.Single() is var found && (found.Error.Code != ErrorCode.NoError || found.Partitions.Any(p => p.Leader < 0)))
        {
            if (TimeProvider.System.GetElapsedTime(started) > Limit)
            {
                throw new TimeoutException($"The topic '{topic}' was created and has no leader after {Limit}: {found.Error.Reason}");
            }
        }
    }

    /// <summary>Waits until a broker answers.</summary>
    /// <param name="ended">Null while the broker may still come up, else why it will not.</param>
    public async Task WaitAsync(TimeSpan limit, Func<string?> ended) => await Task.Run(() =>
    {
        var started = TimeProvider.System.GetTimestamp();
        using var admin = Admin();
        while (true)
        {
            try
            {
                if (admin.GetMetadata(TimeSpan.FromSeconds(1)).Brokers.Count > 0)
                {
                    return;
                }
            }
            catch (KafkaException) when (TimeProvider.System.GetElapsedTime(started) < limit && ended() is null)
            {
                continue; // nobody listens yet
            }
            catch (KafkaException e)
            {
                throw new InvalidOperationException($"No Kafka answered at {bootstrapServers}. {ended() ?? $"Waited {limit}."}", e);
            }
        }
    });
}

/// <summary>
/// The real Kafka that all tests of a run share: started by the first test that asks, ended after the last one. In this order:
/// the address in KAFKA_BOOTSTRAP_SERVERS, the distribution in KAFKA_HOME, a container engine that answers.
/// </summary>
public sealed class RealKafkaFixture : IAsyncDisposable
{
    private const string Cure = "Set KAFKA_BOOTSTRAP_SERVERS to the address of a Kafka, or KAFKA_HOME to the folder of a Kafka distribution (needs Java 17), or start a container engine.";

    private readonly Lazy<Task<RealKafka?>> _kafka;
    private readonly Stack<IAsyncDisposable> _started = [];
    private string? _whyNone;

    public RealKafkaFixture() => _kafka = new(() => Task.Run(StartAsync));

    /// <summary>The broker; without one the calling test is skipped with the reason.</summary>
    public async Task<RealKafka> GetAsync()
    {
        var kafka = await _kafka.Value;
        Assert.SkipWhen(kafka is null, $"No real Kafka: {_whyNone}. {Cure}");
        return kafka!;
    }

    public async ValueTask DisposeAsync()
    {
        while (_started.TryPop(out var started))
        {
            await started.DisposeAsync();
        }
    }

    private async Task<RealKafka?> StartAsync()
    {
        if (Environment.GetEnvironmentVariable("KAFKA_BOOTSTRAP_SERVERS") is { Length: > 0 } servers)
        {
            var kafka = new RealKafka(servers);
            await kafka.WaitAsync(TimeSpan.FromSeconds(20), () => null);
            return kafka;
        }

        if (Environment.GetEnvironmentVariable("KAFKA_HOME") is { Length: > 0 } home)
        {
            var broker = await KafkaProcess.StartAsync(home);
            _started.Push(broker);
            return broker.Kafka;
        }

        var (container, reason) = await KafkaContainer.TryStartAsync();
        _whyNone = reason;
        if (container is not null)
        {
            _started.Push(container);
        }

        return container?.Kafka;
    }
}
