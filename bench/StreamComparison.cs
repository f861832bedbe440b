using System.CommandLine;
using System.Diagnostics;
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
        Rates.Row($"bare scorer, groups of {window} posts (the mean micro-batch)", same, same);
        Rates.Row("worker, topic to acknowledged topic, at least once", stream, same);
        Rates.Row($"bare scorer, groups of {Samples.Unique} posts", sorted, same);
        Console.WriteLine();
        Console.WriteLine(FormattableString.Invariant($"worker against the scorer on groups of {Samples.Unique}: {Rates.Median(Rates.Ratios(stream, sorted)):F2}"));
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

    private static async Task<(double PerSecond, long MicroBatches)> StreamAsync(Settings settings, Feed feed, int count)
    {
        feed.Fill();
        settings = settings with { Kafka = settings.Kafka with { GroupId = feed.Topic }, Consume = settings.Consume with { Topic = feed.Topic } };
        return await WorkerRun.MeasureAsync(settings, count);
    }
}
