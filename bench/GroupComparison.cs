using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using StreamScorer.Configure;
using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Group;
using StreamScorer.Shared.Infer;

namespace Bench;

/// <summary>What the limits of Group cost or gain, for windows as small as a micro-batch and as large as a backlog. Settings alternate within a round.</summary>
internal static class GroupComparison
{
    public static Command Create()
    {
        var rounds = new Option<int>("--rounds") { Description = "Rounds of each setting", DefaultValueFactory = _ => 3 };
        var windows = new Option<int[]>("--windows") { Description = "Posts grouped together", DefaultValueFactory = _ => [133, 2_000], AllowMultipleArgumentsPerToken = true };
        var tokens = new Option<int[]>("--tokens") { Description = "Group:MaxTokens", DefaultValueFactory = _ => [256, 512, 1_024], AllowMultipleArgumentsPerToken = true };
        var calls = new Option<int[]>("--calls") { Description = "Group:CallTokens", DefaultValueFactory = _ => [0, 64, 128], AllowMultipleArgumentsPerToken = true };
        var pairs = new Option<int[]>("--pairs") { Description = "Group:PairsPerToken, for packed graphs; 0: as if the graph were padded", DefaultValueFactory = _ => [new GroupOptions().PairsPerToken], AllowMultipleArgumentsPerToken = true };
        var model = new Option<string>("--model") { Description = "Folder of the bundle", DefaultValueFactory = _ => Samples.Bundle };
        var command = new Command("group", "Token budgets and windows of the grouper.") { rounds, windows, tokens, calls, pairs, model };
        command.SetAction(parsed => Run(
            parsed.GetValue(model)!,
            parsed.GetValue(rounds),
            [
                .. from window in parsed.GetValue(windows)!
                   from budget in parsed.GetValue(tokens)!
                   from call in parsed.GetValue(calls)!
                   from pair in parsed.GetValue(pairs)!
                   select new Setting(window, new GroupOptions { MaxTokens = budget, CallTokens = call, PairsPerToken = Math.Max(1, pair) }, pair == 0),
            ]));
        return command;
    }

    private static int Run(string model, int rounds, List<Setting> settings)
    {
        var bundle = ModelBundle.Open(model);
        using var scorer = OnnxScorer.Open(bundle, new Settings().Infer);
        var posts = Samples.Tokenize(bundle, Samples.Texts(Samples.Unique));
        var rates = settings.ToDictionary(s => s, _ => new List<double>());
        for (var round = 0; round < rounds; round++)
        {
            foreach (var setting in settings)
            {
                rates[setting].Add(Rate(scorer, posts, setting));
            }
        }

        Console.WriteLine($"{Environment.ProcessorCount} cores, {Samples.Processor}, {scorer.Device}; {rounds} interleaved rounds of {posts.Count} posts");
        Console.WriteLine("\n| window | MaxTokens | CallTokens | PairsPerToken | posts/s, median [min, max] | padded / real tokens | calls |\n|---|---|---|---|---|---|---|");
        foreach (var (setting, values) in rates)
        {
            var (window, options, _) = setting;
            var groupings = Windows(posts, window).Select(w => Grouper.Cut(w, options, setting.Pads(scorer))).ToList();
            var padded = groupings.Sum(g => g.Batches.Sum(b => (long)b.Rows * b.LongestRow)) / (double)groupings.Sum(g => g.Batches.Sum(b => (long)b.Tokens));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {window} | {options.MaxTokens} | {options.CallTokens} | {(setting.Pads(scorer) ? "padded" : options.PairsPerToken)} | {values.Order().ElementAt(values.Count / 2):F0} [{values.Min():F0}, {values.Max():F0}] | {padded:F2} | {groupings.Sum(g => g.Batches.Count)} |"));
        }

        return 0;
    }

    private static double Rate(OnnxScorer scorer, List<ReadOnlyMemory<int>> posts, Setting setting)
    {
        var started = Stopwatch.GetTimestamp();
        foreach (var part in Windows(posts, setting.Window))
        {
            var grouping = Grouper.Cut(part, setting.Options, setting.Pads(scorer));
            var logits = new float[grouping.Rows * scorer.LogitCount];
            foreach (var batch in grouping.Batches)
            {
                scorer.Score(batch, logits.AsSpan(batch.FirstRow * scorer.LogitCount, batch.Rows * scorer.LogitCount));
            }
        }

        return posts.Count / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private static IEnumerable<List<ReadOnlyMemory<int>>> Windows(List<ReadOnlyMemory<int>> posts, int window)
        => Enumerable.Range(0, (posts.Count + window - 1) / window).Select(i => posts.GetRange(i * window, Math.Min(window, posts.Count - (i * window))));

    private sealed record Setting(int Window, GroupOptions Options, bool AsPadded)
    {
        public bool Pads(OnnxScorer scorer) => AsPadded || scorer.Pads;
    }
}
