using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using StreamScorer;
using StreamScorer.Audit;
using StreamScorer.Configure;
using StreamScorer.Publish;
using StreamScorer.Score;
using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Contracts;
using StreamScorer.Shared.Judge;

namespace Bench;

/// <summary>How long an audit takes: topics of a real Kafka filled with posts and with outcomes as the worker writes them, but without a model.</summary>
internal static class AuditRate
{
    private const int Partitions = 6;

    public static Command Create()
    {
        var posts = new Option<int>("--posts") { Description = "Posts in all", DefaultValueFactory = _ => 1_000_000 };
        var servers = new Option<string>("--bootstrap-servers") { Description = "A real Kafka", Required = true };
        var command = new Command("audit", "How long an audit takes.") { posts, servers };
        command.SetAction((parsed, stop) => RunAsync(parsed.GetValue(posts), parsed.GetValue(servers)!, stop));
        return command;
    }

    private static async Task<int> RunAsync(int count, string servers, CancellationToken stop)
    {
        var name = $"audit-{DateTime.UtcNow:HHmmss}";
        var settings = new Settings
        {
            Kafka = new KafkaOptions { BootstrapServers = servers },
            Consume = new() { Topic = name },
            Publish = new() { ScoredTopic = $"{name}.scored", FlaggedTopic = $"{name}.flagged", DeadLetterTopic = $"{name}.dead-letter" },
        };
        using (var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = servers }).Build())
        {
            string[] topics = [name, settings.Publish.ScoredTopic, settings.Publish.FlaggedTopic, settings.Publish.DeadLetterTopic];
            await admin.CreateTopicsAsync(topics.Select(t => new TopicSpecification { Name = t, NumPartitions = Partitions, ReplicationFactor = 1 }));
        }

        await Task.Run(() => Fill(settings, count), stop);
        GC.Collect();
        var watch = Stopwatch.StartNew();
        using var progress = new Progress(Console.Error, TimeProvider.System, enabled: true, "records");
        var report = await new AuditRun(settings, new AuditRequest(null, null, null, IsolationLevel.ReadCommitted, Compacted: false), progress).RunAsync(stop);
        watch.Stop();
        AuditTable.Write(report, Console.Out);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{count} posts audited in {watch.Elapsed.TotalSeconds:F1} s, {count / watch.Elapsed.TotalSeconds:F0} posts/s; {Environment.ProcessorCount} cores, {Samples.Processor}; peak memory of this process {Process.GetCurrentProcess().PeakWorkingSet64 >> 20} MiB"));
        return report.IsFine ? 0 : 1;
    }

    private static void Fill(Settings settings, int count)
    {
        var texts = Samples.Texts(count);
        var outcomes = new Outcomes(ModelBundle.Open(Samples.Bundle).Identity, settings.Publish, TimeProvider.System);
        using var producer = new ProducerBuilder<byte[]?, byte[]?>(new ProducerConfig { BootstrapServers = settings.Kafka.BootstrapServers, LingerMs = 20, CompressionType = CompressionType.Lz4, QueueBufferingMaxKbytes = 200_000, QueueBufferingMaxMessages = 1_000_000 }).Build();
        var offsets = new long[Partitions];
        for (var i = 0; i < count; i++)
        {
            var partition = i % Partitions;
            var source = new SourceRecord(settings.Consume.Topic, partition, offsets[partition]++, 1_790_000_000_000, Encoding.UTF8.GetBytes($"author-{i % 997}"), i % 200 == 199 ? null : Samples.Post(i, texts[i]), null, 1_790_000_000_100, 0);
            Send(producer, settings.Consume.Topic, partition, new() { Key = source.Key, Value = source.Value });
            if (source.Value is null)
            {
                continue;
            }

            if (i % 100 == 50)
            {
                Send(producer, settings.Publish.DeadLetterTopic, partition, outcomes.DeadLetter(new Entry(source) { Reject = new Reject(RejectReason.NotJson, "Not JSON.") }));
                continue;
            }

            var flagged = i % 8 == 0;
            var message = outcomes.ScoredMessage(new Entry(source) { Post = new Post($"{i}", texts[i], "en"), TokenCount = 23, Verdict = Verdict(flagged) });
            Send(producer, settings.Publish.ScoredTopic, partition, message);
            if (flagged)
            {
                Send(producer, settings.Publish.FlaggedTopic, partition, message);
            }
        }

        producer.Flush();
    }

    private static Verdict Verdict(bool flagged) => new(
        new Dictionary<string, HeadScore>
        {
            ["fake"] = new("not_fake", null, new Dictionary<string, float> { ["not_fake"] = 0.913_427f, ["fake"] = 0.086_573f }),
            ["hate"] = new("not_hate", null, new Dictionary<string, float> { ["not_hate"] = 0.713_427f, ["hate"] = 0.286_573f }),
            ["sentiment"] = new("negative", null, new Dictionary<string, float> { ["negative"] = 0.613_427f, ["positive"] = 0.386_573f }),
        },
        flagged ? ["hate"] : [],
        flagged ? Decision.Review : Decision.Allow,
        flagged ? [new Why("hate", "hate", 0.6f, 0.5f, 0.1f, Decision.Review)] : [], "2026-11-21.1");

    private static void Send(IProducer<byte[]?, byte[]?> producer, string topic, int partition, Message<byte[]?, byte[]?> message)
    {
        while (true)
        {
            try
            {
                producer.Produce(new TopicPartition(topic, partition), message);
                return;
            }
            catch (ProduceException<byte[]?, byte[]?> e) when (e.Error.Code == ErrorCode.Local_QueueFull)
            {
                producer.Flush(TimeSpan.FromMilliseconds(100));
            }
        }
    }
}
