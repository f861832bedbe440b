using System.CommandLine;
using System.Globalization;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using StreamScorer.Configure;
using StreamScorer.Consume;
using StreamScorer.Operate;
using StreamScorer.Publish;
using StreamScorer.Settle;
using StreamScorer.Shared.Group;
using StreamScorer.Shared.Infer;

namespace Bench;

/// <summary>
/// What exactly once costs against at least once: posts per second from topic to final outcome on a real Kafka, with a scorer that costs
/// nothing, so that Kafka is the limit, or with the default model. Within a round the modes alternate.
/// </summary>
internal static class DeliveryComparison
{
    private static readonly Delivery[] Modes = [Delivery.AtLeastOnce, Delivery.ExactlyOnce];

    public static Command Create()
    {
        var servers = new Option<string>("--bootstrap-servers") { Description = "A real Kafka", Required = true };
        var posts = new Option<int>("--posts") { Description = "Posts a run", DefaultValueFactory = _ => 100_000 };
        var rounds = new Option<int>("--rounds") { Description = "Rounds of each mode", DefaultValueFactory = _ => 5 };
        var model = new Option<bool>("--model") { Description = "With the default model in place of a scorer that costs nothing" };
        var interval = new Option<int>("--interval-ms") { Description = "Settle:CommitInterval", DefaultValueFactory = _ => (int)new SettleOptions().CommitInterval.TotalMilliseconds };
        var allocations = new Option<bool>("--allocations") { Description = "Also what a run in each mode allocates, by type; the sampling costs time, so it is a run of its own" };
        var command = new Command("delivery", "Exactly once against at least once, on a real Kafka.") { servers, posts, rounds, model, interval, allocations };
        command.SetAction((parsed, _) => RunAsync(parsed.GetRequiredValue(servers), parsed.GetValue(posts), parsed.GetValue(rounds), parsed.GetValue(model), parsed.GetValue(interval), parsed.GetValue(allocations)));
        return command;
    }

    private static async Task<int> RunAsync(string servers, int count, int rounds, bool model, int intervalMs, bool allocations)
    {
        var name = $"delivery-{DateTime.UtcNow:HHmmss}";
        var settings = new Settings
        {
            Kafka = new KafkaOptions { BootstrapServers = servers },
            Consume = new ConsumeOptions { Topic = name },
            Publish = new PublishOptions { ScoredTopic = $"{name}.scored", FlaggedTopic = $"{name}.flagged", DeadLetterTopic = $"{name}.dead-letter" },
            Settle = new SettleOptions { CommitInterval = TimeSpan.FromMilliseconds(intervalMs) },
            Operate = new OperateOptions { Enabled = false },
        };
        await FillAsync(settings, count);
        await RunOnceAsync(settings, Delivery.ExactlyOnce, count, model); // warms up
        var rates = Modes.ToDictionary(mode => mode, _ => new List<double>());
        for (var round = 1; round <= rounds; round++)
        {
            foreach (var mode in round % 2 == 0 ? Modes : Modes.Reverse())
            {
                rates[mode].Add(await RunOnceAsync(settings, mode, count, model));
                Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"round {round}: {mode} {rates[mode][^1]:F0} posts/s"));
            }
        }

        Console.WriteLine($"{Environment.ProcessorCount} cores, {Samples.Processor}, {(model ? "default model" : "a scorer that costs nothing")}; {rounds} interleaved rounds of {count} posts, commit interval {intervalMs} ms");
        Console.WriteLine();
        Console.WriteLine("| delivery | posts/s, median [min, max] | against at least once, median [min, max] of the rounds |");
        Console.WriteLine("|---|---|---|");
        foreach (var mode in Modes)
        {
            Rates.Row(mode.ToString(), rates[mode], rates[Delivery.AtLeastOnce], "F3");
        }

        foreach (var mode in allocations ? Modes : [])
        {
            Console.WriteLine();
            Console.Write($"{mode}: ");
            using var profile = new AllocationProfile();
            await RunOnceAsync(settings, mode, count, model);
            profile.Print(count);
        }

        return 0;
    }

    internal static async Task FillAsync(Settings settings, int count)
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = settings.Kafka.BootstrapServers }).Build();
        string[] topics = [settings.Consume.Topic, settings.Publish.ScoredTopic, settings.Publish.FlaggedTopic, settings.Publish.DeadLetterTopic];
        await admin.CreateTopicsAsync(topics.Select(topic => new TopicSpecification { Name = topic, NumPartitions = 6, ReplicationFactor = -1 }));
        var texts = Samples.Texts(count);
        using var producer = new ProducerBuilder<string, byte[]>(new ProducerConfig { BootstrapServers = settings.Kafka.BootstrapServers, LingerMs = 20, QueueBufferingMaxMessages = 1_000_000 }).Build();
        for (var i = 0; i < count; i++)
        {
            producer.Produce(settings.Consume.Topic, new Message<string, byte[]> { Key = $"author-{i % 997}", Value = Samples.Post(i, texts[i]) });
        }

        producer.Flush(CancellationToken.None);
    }

    /// <summary>Posts a second, of a group of its own.</summary>
    internal static async Task<double> RunOnceAsync(Settings settings, Delivery delivery, int count, bool model)
    {
        settings = settings with
        {
            Kafka = settings.Kafka with { GroupId = Guid.NewGuid().ToString("N") },
            Settle = settings.Settle with { Delivery = delivery },
        };
        return (await WorkerRun.MeasureAsync(settings, count, scorer => model ? scorer : new FreeScorer(scorer))).PerSecond;
    }

    /// <summary>A device that is done before it is asked.</summary>
    private sealed class FreeScorer(IScorer model) : IScorer
    {
        public string Device => "none";

        public int LogitCount => model.LogitCount;

        public bool Pads => model.Pads;

        public void Score(TokenBatch batch, Span<float> logits) => logits.Clear();

        public void Dispose() => model.Dispose();
    }
}
