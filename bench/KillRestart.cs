using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Bench;

/// <summary>
/// Posts through a real Kafka while the worker is killed midway and started again. Proves that every post has exactly one kind
/// of outcome, counts repetitions, and holds the order of every key.
/// </summary>
internal static class KillRestart
{
    public static Command Create()
    {
        var posts = new Option<int>("--posts") { Description = "Posts in all", DefaultValueFactory = _ => 20_000 };
        var servers = new Option<string>("--bootstrap-servers") { Description = "A real Kafka", Required = true };
        var signal = new Option<string>("--signal") { Description = "TERM or KILL", DefaultValueFactory = _ => "TERM" };
        var command = new Command("kill", "Kill the worker midway, start it again, and account for every post.") { posts, servers, signal };
        command.SetAction((parsed, _) => RunAsync(parsed.GetValue(posts), parsed.GetValue(servers)!, parsed.GetValue(signal)!));
        return command;
    }

    private static async Task<int> RunAsync(int count, string servers, string signal)
    {
        var run = $"kill-{DateTime.UtcNow:HHmmss}";
        string[] topics = [run, $"{run}.scored", $"{run}.flagged", $"{run}.dead-letter"];
        using (var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = servers }).Build())
        {
            await admin.CreateTopicsAsync(topics.Select(t => new TopicSpecification { Name = t, NumPartitions = 6, ReplicationFactor = 1 }));
        }

        var sent = Send(servers, run, count);
        using var tally = new OutcomeTally(servers, topics, sent);
        var watch = Stopwatch.StartNew();

        using (var first = Start(servers, topics))
        {
            tally.ReadUntil(count / 2, () => first.HasExited);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{watch.Elapsed.TotalSeconds:F0} s: {tally.Distinct} of {count} posts have an outcome; kill -{signal}"));
            using var kill = Process.Start("kill", [$"-{signal}", first.Id.ToString(CultureInfo.InvariantCulture)]);
            await first.WaitForExitAsync();
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{watch.Elapsed.TotalSeconds:F0} s: it ended with exit code {first.ExitCode}"));
            if (signal == "TERM" && first.ExitCode != 0)
            {
                return 1;
            }
        }

        using var second = Start(servers, topics);
        tally.ReadUntil(count, () => second.HasExited);
        using (var term = Process.Start("kill", ["-TERM", second.Id.ToString(CultureInfo.InvariantCulture)]))
        {
            await second.WaitForExitAsync();
        }

        tally.ReadToEnd();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{watch.Elapsed.TotalSeconds:F0} s: the second run ended with exit code {second.ExitCode}"));
        return tally.Report(Console.Out) && second.ExitCode == 0 ? 0 : 1;
    }

    /// <returns>Key of every record, by partition and offset.</returns>
    private static Dictionary<(int Partition, long Offset), string> Send(string servers, string topic, int count)
    {
        var texts = Samples.Texts(count);
        var sent = new Dictionary<(int, long), string>();
        using var producer = new ProducerBuilder<string, byte[]>(new ProducerConfig { BootstrapServers = servers, EnableIdempotence = true, LingerMs = 20 }).Build();
        for (var i = 0; i < count; i++)
        {
            var key = $"author-{i % 97}";

            // One in a hundred cannot be scored and must come out as a dead letter.
            var value = i % 100 == 99 ? [(byte)'{', (byte)'"'] : Samples.Post(i, texts[i]);
            producer.Produce(topic, new Message<string, byte[]> { Key = key, Value = value }, report =>
            {
                lock (sent)
                {
                    sent[(report.Partition.Value, report.Offset.Value)] = key;
                }
            });
        }

        producer.Flush();
        return sent.Count == count ? sent : throw new InvalidOperationException($"Only {sent.Count} of {count} posts could be sent.");
    }

    private static Process Start(string servers, string[] topics)
    {
        var program = Path.Combine(Samples.Root, "artifacts", "bin", "StreamScorer", "release", "streamscorer.dll");
        string[] sets =
        [
            $"Kafka:BootstrapServers={servers}", $"Kafka:GroupId={topics[0]}", $"Consume:Topic={topics[0]}", $"Publish:ScoredTopic={topics[1]}",
            $"Publish:FlaggedTopic={topics[2]}", $"Publish:DeadLetterTopic={topics[3]}", "Operate:Enabled=false",
        ];
        return Process.Start(new ProcessStartInfo("dotnet", [program, "run", .. sets.SelectMany(s => new[] { "--set", s })]))!;
    }
}
