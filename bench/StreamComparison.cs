using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using StreamScorer;
using StreamScorer.Configure;
using StreamScorer.Consume;
using StreamScorer.Operate;
using StreamScorer.Settle;
using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Group;
using StreamScorer.Shared.Infer;

namespace Bench;

/// <summary>
/// What the stream costs on top of the model: posts per second of the bare scorer on posts collected and tokenized beforehand,
/// and of the whole worker from topic to acknowledged topic through the embedded broker. Rounds alternate.
/// </summary>
internal static class StreamComparison
{
    public static Command Create()
    {
        var posts = new Option<int>("--posts") { Description = "Posts a round", DefaultValueFactory = _ => 8_000 };
        var rounds = new Option<int>("--rounds") { Description = "Rounds of each side", DefaultValueFactory = _ => 5 };
        var target = new Option<int>("--target-ms") { Description = "Consume:TargetMicroBatchDuration of the worker", DefaultValueFactory = _ => (int)new ConsumeOptions().TargetMicroBatchDuration.TotalMilliseconds };
        var command = new Command("stream", "Worker through the embedded broker against the bare scorer.") { posts, rounds, target };
        command.SetAction((parsed, _) => RunAsync(parsed.GetValue(posts), parsed.GetValue(rounds), parsed.GetValue(target)));
        return command;
    }

    private static async Task<int> RunAsync(int count, int rounds, int targetMs)
    {
        // At least once, because the embedded broker forgets the offsets of a transaction.
        var settings = new Settings { Operate = new OperateOptions { Enabled = false }, Settle = new SettleOptions { Delivery = Delivery.AtLeastOnce }, Consume = new ConsumeOptions { TargetMicroBatchDuration = TimeSpan.FromMilliseconds(targetMs) } };
        var texts = Samples.Texts(count);
        using var feed = new Feed(texts);
        settings = settings with { Kafka = settings.Kafka with { BootstrapServers = feed.BootstrapServers } };
        var bundle = ModelBundle.Open(Samples.Bundle);
        using var scorer = OnnxScorer.Open(bundle, settings.Infer);
        var tokens = Samples.Tokenize(bundle, texts);

        var window = await MeanMicroBatchAsync(settings, feed, count);
        Console.Error.WriteLine($"warm; micro-batches held {window} posts on average");
        var (stream, same, sorted) = (new List<double>(), new List<double>(), new List<double>());
        for (var round = 1; round <= rounds; round++)
        {
            same.Add(Raw(scorer, settings.Group, tokens, window));
            stream.Add((await StreamAsync(settings, feed, count)).PerSecond);
            sorted.Add(Raw(scorer, settings.Group, tokens, Samples.Unique));
            Console.Error.WriteLine(FormattableString.Invariant($"round {round}: scorer {same[^1]:F0}, stream {stream[^1]:F0}, scorer on groups of {Samples.Unique} {sorted[^1]:F0} posts/s"));
        }

        Console.WriteLine($"{Environment.ProcessorCount} cores, {Samples.Processor}, {bundle.Identity.Name} {bundle.Identity.Version} on {scorer.Device}; {rounds} interleaved rounds of {count} posts, {tokens.Average(t => t.Length):F1} tokens a post");
        Console.WriteLine();
        Console.WriteLine("| | posts/s, median [min, max] | against the scorer, median [min, max] of the rounds |");
        Console.WriteLine("|---|---|---|");
        Row($"bare scorer, groups of {window} posts (the mean micro-batch)", same, same);
        Row("worker, topic to acknowledged topic, at least once", stream, same);
        Row($"bare scorer, groups of {Samples.Unique} posts", sorted, same);
        Console.WriteLine();
        Console.WriteLine(FormattableString.Invariant($"worker against the scorer on groups of {Samples.Unique}: {Median(Ratios(stream, sorted)):F2}"));
        return 0;
    }

    private static double Raw(OnnxScorer scorer, GroupOptions options, List<ReadOnlyMemory<int>> tokens, int window)
    {
        var started = Stopwatch.GetTimestamp();
        for (var first = 0; first < tokens.Count; first += window)
        {
            var grouping = Grouper.Cut(tokens.GetRange(first, Math.Min(window, tokens.Count - first)), options, scorer.Pads);
            var logits = new float[grouping.Rows * scorer.LogitCount];
            foreach (var batch in grouping.Batches)
            {
                scorer.Score(batch, logits.AsSpan(batch.FirstRow * scorer.LogitCount, batch.Rows * scorer.LogitCount));
            }
        }

        return tokens.Count / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private static async Task<int> MeanMicroBatchAsync(Settings settings, Feed feed, int count)
    {
        var (_, batches) = await StreamAsync(settings, feed, count);
        return (int)Math.Round(count / (double)batches);
    }

    /// <summary>From the first record handed to the model to the last acknowledgement; joining the group and loading the model are left out.</summary>
    private static async Task<(double PerSecond, long MicroBatches)> StreamAsync(Settings settings, Feed feed, int count)
    {
        feed.Fill();
        settings = settings with { Kafka = settings.Kafka with { GroupId = feed.Topic }, Consume = settings.Consume with { Topic = feed.Topic } };
        await using var worker = await Worker.OpenAsync(settings, NullLoggerFactory.Instance, TimeProvider.System);
        using var stop = new CancellationTokenSource();
        var run = worker.RunAsync(stop.Token);
        long started = 0;
        while (true)
        {
            var snapshot = worker.Telemetry.Read();
            started = started == 0 && snapshot.Consumed > 0 ? Stopwatch.GetTimestamp() : started;
            if (snapshot.Scored + snapshot.DeadLettered + snapshot.Filtered >= count)
            {
                break;
            }

            await Task.WhenAny(run, Task.Delay(2, CancellationToken.None));
            if (run.IsCompleted)
            {
                await run;
            }
        }

        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        await stop.CancelAsync();
        await run;
        return (count / seconds, worker.Telemetry.Read().MicroBatches);
    }

    private static void Row(string name, List<double> values, List<double> against)
    {
        var ratios = Ratios(values, against);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {name} | {Median(values):F0} [{values.Min():F0}, {values.Max():F0}] | {Median(ratios):F2} [{ratios.Min():F2}, {ratios.Max():F2}] |"));
    }

    private static List<double> Ratios(List<double> values, List<double> against) => [.. values.Zip(against, (a, b) => a / b)];

    internal static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
