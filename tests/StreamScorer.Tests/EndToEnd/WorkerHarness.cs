using System.Text;
using Confluent.Kafka;
using Microsoft.Extensions.Logging.Abstractions;
using StreamScorer.Configure;
using StreamScorer.Consume;
using StreamScorer.Operate;
using StreamScorer.Publish;
using StreamScorer.Recover;
using StreamScorer.Settle;
using StreamScorer.Shared.Infer;
using StreamScorer.Tests.Kafka;

namespace StreamScorer.Tests.EndToEnd;

/// <summary>The worker with the default bundle between topics of its own.</summary>
internal sealed record WorkerHarness
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private WorkerHarness(TestKafka kafka, string name)
    {
        Kafka = kafka;
        Settings = new Settings
        {
            Kafka = new KafkaOptions { BootstrapServers = kafka.BootstrapServers, GroupId = name },
            Consume = new ConsumeOptions { Topic = name },
            Publish = new PublishOptions { ScoredTopic = $"{name}.scored", FlaggedTopic = $"{name}.flagged", DeadLetterTopic = $"{name}.dead-letter" },
            Settle = new SettleOptions { Delivery = kafka.HasTransactions ? Delivery.ExactlyOnce : Delivery.AtLeastOnce, CommitInterval = TimeSpan.FromMilliseconds(50) },
            Operate = new OperateOptions { Enabled = false },
            Recover = new RecoverOptions { Restarts = 0 },
        };
    }

    public TestKafka Kafka { get; }

    public Settings Settings { get; init; }

    public string Input => Settings.Consume.Topic;

    public string Scored => Settings.Publish.ScoredTopic;

    public string Flagged => Settings.Publish.FlaggedTopic;

    public string DeadLetters => Settings.Publish.DeadLetterTopic;

    /// <summary>The same settings as arguments of the program.</summary>
    public IEnumerable<string> Sets => new[]
    {
        $"Kafka:BootstrapServers={Kafka.BootstrapServers}", $"Kafka:GroupId={Settings.Kafka.GroupId}", $"Consume:Topic={Input}",
        $"Publish:ScoredTopic={Scored}", $"Publish:FlaggedTopic={Flagged}", $"Publish:DeadLetterTopic={DeadLetters}",
        $"Settle:Delivery={Settings.Settle.Delivery}", "Operate:Enabled=false", "Recover:Restarts=0",
    }.SelectMany(set => new[] { "--set", set });

    public static async Task<WorkerHarness> CreateAsync(TestKafka kafka, int partitions = 3)
    {
        var harness = new WorkerHarness(kafka, TestKafka.Unique("posts"));
        foreach (var topic in new[] { harness.Input, harness.Scored, harness.Flagged, harness.DeadLetters })
        {
            await kafka.CreateTopicAsync(topic, partitions);
        }

        return harness;
    }

    /// <summary>The same, with the worker connected in another way than the test.</summary>
    public WorkerHarness With(KafkaOptions connection)
        => new(Kafka, Input) { Settings = Settings with { Kafka = connection with { GroupId = Settings.Kafka.GroupId } } };

    public static Message<byte[]?, byte[]?> Post(string key, string id, string text)
        => Raw(key, $$"""{"id":"{{id}}","text":"{{text}}"}""");

    public static Message<byte[]?, byte[]?> Raw(string key, string? value)
        => new() { Key = Encoding.UTF8.GetBytes(key), Value = value is null ? null : Encoding.UTF8.GetBytes(value) };

    /// <summary>The same with a property of librdkafka's.</summary>
    public WorkerHarness With(string property, string value)
        => this with { Settings = Settings with { Kafka = Settings.Kafka with { Properties = new Dictionary<string, string>(Settings.Kafka.Properties) { [property] = value } } } };

    /// <summary>Runs a worker until the topics hold so many records in all, then stops it in the orderly way.</summary>
    /// <param name="scored">Records of the scored topic: scores, and the tombstones of keys.</param>
    /// <param name="deadLetters">Records of the dead-letter topic.</param>
    /// <param name="wrap">What the worker scores with, made of what it would score with.</param>
    /// <param name="filtered">Records that this run must have filtered too: a tombstone without a key leaves nothing in any topic to wait for.</param>
    /// <returns>What this run counted.</returns>
    public async Task<Snapshot> RunUntilAsync(int scored, int deadLetters, Func<IScorer, IScorer>? wrap = null, int filtered = 0)
    {
        await using var worker = await Worker.OpenAsync(Settings, NullLoggerFactory.Instance, TimeProvider.System, wrap);
        using var stop = new CancellationTokenSource();
        var run = worker.RunAsync(stop.Token);
        var arrived = Task.WhenAll(
            Kafka.ReadAsync(Scored, scored, Limit),
            Kafka.ReadAsync(DeadLetters, deadLetters, Limit),
            UntilAsync(() => worker.Telemetry.Read().Filtered >= filtered));
        await await Task.WhenAny(run, arrived); // a worker that fails meanwhile ends the wait with its reason
        await stop.CancelAsync();
        await run.WaitAsync(Limit);
        return worker.Telemetry.Read();
    }

    /// <summary>Waits until it holds; over <see cref="Limit"/> the wait is cancelled.</summary>
    public static Task UntilAsync(Func<bool> condition) => UntilAsync(() => Task.FromResult(condition()));

    public static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var limit = new CancellationTokenSource(Limit);
        using var look = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!await condition())
        {
            await look.WaitForNextTickAsync(limit.Token);
        }
    }

    /// <summary>The group's position, one past the last settled record, summed over the partitions.</summary>
    public async Task<long> CommittedAsync() => (await Kafka.CommittedAsync(Settings.Kafka.GroupId, Input)).Values.Sum();
}
