using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Group;
using StreamScorer.Shared.Infer;

namespace Bench;

/// <summary>Model bundles against each other: the bare scorer on the same texts, length-sorted, in batches of a fixed number of rows.</summary>
internal static class ModelComparison
{
    public static Command Create()
    {
        var bundles = new Argument<string[]>("BUNDLE") { Description = "Folders of bundles; the first is what the others are measured against.", Arity = ArgumentArity.OneOrMore };
        var posts = new Option<int>("--posts") { Description = "Posts a round", DefaultValueFactory = _ => 512 };
        var rows = new Option<int>("--rows") { Description = "Rows of a batch", DefaultValueFactory = _ => 32 };
        var budget = new Option<int>("--tokens") { Description = "Tokens of a batch at most, padding counted", DefaultValueFactory = _ => int.MaxValue };
        var call = new Option<int>("--call-tokens") { Description = "What a batch costs by itself, in tokens; the default makes as few batches as can be", DefaultValueFactory = _ => 1_000_000 };
        var window = new Option<int>("--window") { Description = "Posts that are sorted and cut into batches together", DefaultValueFactory = _ => int.MaxValue };
        var rounds = new Option<int>("--rounds") { Description = "Rounds of each bundle", DefaultValueFactory = _ => 7 };
        var device = new Option<DeviceChoice>("--device") { Description = "Auto, Cpu or Cuda", DefaultValueFactory = _ => DeviceChoice.Cpu };
        var padded = new Option<int>("--padded-to") { Description = "Also runs bundles whose graph is padded with all rows padded to so many tokens, as is often done; 0: does not", DefaultValueFactory = _ => 256 };
        var threads = new Option<int>("--threads") { Description = "Threads of a model call; 0: all cores" };
        var command = new Command("models", "Model bundles against each other, length-sorted batches.") { bundles, posts, rows, budget, call, window, rounds, padded, device, threads };
        command.SetAction(parsed => Run(
            parsed.GetRequiredValue(bundles),
            parsed.GetValue(posts),
            parsed.GetValue(window),
            new GroupOptions { MaxRows = parsed.GetValue(rows), MaxTokens = parsed.GetValue(budget), CallTokens = parsed.GetValue(call) },
            parsed.GetValue(rounds),
            parsed.GetValue(padded),
            new InferOptions { Device = parsed.GetValue(device), Threads = parsed.GetValue(threads) }));
        return command;
    }

    private static int Run(string[] folders, int count, int window, GroupOptions group, int rounds, int paddedTo, InferOptions infer)
    {
        var bundles = folders.Select(ModelBundle.Open).ToList();
        var scorers = bundles.ConvertAll(bundle => OnnxScorer.Open(bundle, infer));
        var tokens = Tokenize(bundles[0], Samples.Texts(count));
        // A fraction of the posts is enough for the rate of those, and all would take minutes.
        var few = tokens[..Math.Min(2 * group.MaxRows, tokens.Count)];
        var full = bundles.Where(bundle => paddedTo > 0 && bundle.Manifest.Variants["cpu"].Layout == GraphLayout.Padded).ToList();
        var runs = full.ConvertAll(bundle => new PaddedRun(bundle, paddedTo, infer.Threads));
        double[] Next() => [.. Round(scorers, tokens, window, group), .. runs.Select(run => run.PerSecond(few, group.MaxRows))];
        Next(); // the first run of a length costs more than the next
        var all = Enumerable.Range(0, rounds).Select(_ => Next()).ToList();
        var rates = Enumerable.Range(0, scorers.Count + runs.Count).Select(i => all.ConvertAll(round => round[i])).ToList();
        runs.ForEach(run => run.Dispose());

        var batches = tokens.Chunk(window).SelectMany(posts => Grouper.Cut(posts, group).Batches).ToList();
        var padding = 1 - (batches.Sum(batch => (double)batch.Tokens) / batches.Sum(batch => (double)batch.Rows * batch.LongestRow));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{Environment.ProcessorCount} cores, {Samples.Processor}, {scorers[0].Device}; {rounds} rounds of {count} posts, batches interleaved, {tokens.Average(t => t.Length):F1} tokens a post, length-sorted, {group.MaxRows} rows a batch; {padding:P0} of a padded batch is padding"));
        Console.WriteLine();
        Console.WriteLine("| bundle | posts/s, median [min, max] | against the first, median [min, max] of the rounds |");
        Console.WriteLine("|---|---|---|");
        var names = bundles.Select(Name).Concat(full.Select(bundle => $"{Name(bundle)}, all rows padded to {paddedTo}")).ToList();
        for (var i = 0; i < names.Count; i++)
        {
            Rates.Row(names[i], rates[i], rates[0]);
        }

        scorers.ForEach(scorer => scorer.Dispose());
        return 0;
    }

    private static string Name(ModelBundle bundle) => $"{bundle.Identity.Name} {bundle.Identity.Version}";

    private static List<ReadOnlyMemory<int>> Tokenize(ModelBundle bundle, IReadOnlyList<byte[]> texts)
    {
        var tokenizer = bundle.LoadTokenizer();
        var ids = new int[bundle.Manifest.MaxTokens];
        return [.. texts.Select(text => (ReadOnlyMemory<int>)ids[..tokenizer.Encode(text, ids, out _)])];
    }

    /// <summary>Posts per second of each scorer. They take turns batch by batch, so that what else the machine does hits all alike.</summary>
    private static double[] Round(List<OnnxScorer> scorers, List<ReadOnlyMemory<int>> tokens, int window, GroupOptions group)
    {
        var batches = tokens.Chunk(window).SelectMany(posts => Grouper.Cut(posts, group).Batches).ToList();
        var ticks = new long[scorers.Count];
        for (var batch = 0; batch < batches.Count; batch++)
        {
            for (var turn = 0; turn < scorers.Count; turn++)
            {
                var i = (turn + batch) % scorers.Count; // none is always the first
                var logits = new float[batches[batch].Rows * scorers[i].LogitCount];
                var started = Stopwatch.GetTimestamp();
                scorers[i].Score(batches[batch], logits);
                ticks[i] += Stopwatch.GetTimestamp() - started;
            }
        }

        return [.. ticks.Select(time => tokens.Count / ((double)time / Stopwatch.Frequency))];
    }
}
