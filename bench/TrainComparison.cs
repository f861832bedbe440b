using System.CommandLine;
using System.Globalization;
using ModelTool.Graph;
using ModelTool.Import;
using ModelTool.Train;
using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Encode;

namespace Bench;

/// <summary>A step of <c>modeltool train</c> against a forward pass of the same batches, and against what a matrix product of this machine allows.</summary>
internal static class TrainComparison
{
    // PyTorch 2.15 in fp32, the same encoder and batch size, on 2 cores that multiplied at this rate in the same run.
    private const double ReferenceTokens = 1_509;
    private const double ReferencePeak = 180;

    private static readonly HeadSpec[] Heads =
        [.. ((string[])["fake", "hate", "sentiment"]).Select(name => new HeadSpec(name, HeadKind.Softmax, ["no", "yes"]))];

    public static Command Create()
    {
        var data = new Option<string>("--data") { Description = "CSV file whose column 'text' gives the lengths", DefaultValueFactory = _ => Path.Combine(Samples.Root, "samples", "posts.csv") };
        var checkpoint = new Option<string>("--checkpoint") { Description = "Checkpoint to train; without one, random weights of the same shape", DefaultValueFactory = _ => Path.Combine(Samples.Root, "..", "shared", "base-model") };
        var batches = new Option<int>("--batches") { Description = "Batches a round, spread over the lengths of an epoch", DefaultValueFactory = _ => 24 };
        var rounds = new Option<int>("--rounds") { Description = "Rounds", DefaultValueFactory = _ => 5 };
        var threads = new Option<int>("--threads") { Description = "Threads; 0: all cores", DefaultValueFactory = _ => 0 };
        var inGraph = new Option<bool>("--in-graph") { Description = "Also a step with the update in the graph, as on CUDA" };
        var command = new Command("train", "A training step against the forward pass.") { data, checkpoint, batches, rounds, threads, inGraph };
        command.SetAction(parsed => Run(
            parsed.GetRequiredValue(data), parsed.GetRequiredValue(checkpoint), parsed.GetValue(batches), parsed.GetValue(rounds), parsed.GetValue(threads), parsed.GetValue(inGraph)));
        return command;
    }

    private static int Run(string data, string folder, int count, int rounds, int threads, bool inGraph)
    {
        using var checkpoint = File.Exists(Path.Combine(folder, "config.json")) ? Checkpoint.Open(folder) : null;
        var vocabulary = checkpoint?.Vocabulary.FullName ?? Path.Combine(Samples.Bundle, "vocab.txt");
        var tokenizer = BertTokenizer.Load(vocabulary, CheckpointFiles.ReadTokenizer(checkpoint?.TokenizerConfig));
        var config = checkpoint?.Config ?? EncoderShapes.Read("minilm-l6", tokenizer.VocabularySize);
        var batches = Batches(Samples.TextsOf(data), tokenizer, count);
        using var parameters = Weights(config, checkpoint);
        using var run = new TrainRun(config, Heads, parameters, threads > 0 ? threads : Environment.ProcessorCount, inGraph);
        run.Round(batches); // the first run of a length costs more than the next
        var all = Enumerable.Range(0, rounds).Select(_ => run.Round(batches)).ToList();
        Report(all, batches, checkpoint is null ? "random weights, MiniLM-L6" : Path.GetFileName(Path.GetFullPath(checkpoint.Folder)));
        return 0;
    }

    private static void Report(List<TrainRates> all, List<TrainBatch> batches, string model)
    {
        var tokens = batches.Average(batch => batch.Tokens);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{Environment.ProcessorCount} cores, {Samples.Processor}; {model}; {all.Count} rounds of {batches.Count} batches of 32 rows, each taking turns; {tokens:F0} tokens a batch, {1 - (tokens / batches.Average(batch => batch.Ids.Length)):P0} of it padding beside them; dropout 0.1"));
        Console.WriteLine();
        Console.WriteLine("| | median [min, max] of the rounds | goal |");
        Console.WriteLine("|---|---|---|");
        Row("1024 x 1024 matrix product in fp32, GFLOP/s", "F0", rates => rates.Peak, "");
        Row("forward pass, tokens/s", "F0", rates => rates.Forward, "");
        Row("training step, tokens/s", "F0", rates => rates.Step, "");
        if (double.IsFinite(all[0].InGraph))
        {
            Row("training step with the update in the graph (device: cpu-graph), tokens/s", "F0", rates => rates.InGraph, "");
            Row("update beside the graph against in it", "F2", rates => rates.Step / rates.InGraph, "");
        }

        Row("a step costs so many forward passes", "F2", rates => rates.Forward / rates.Step, "at most 3.5");
        Row(
            $"training tokens/s a GFLOP/s, against PyTorch's fp32 ({ReferenceTokens} at {ReferencePeak})",
            "F2",
            rates => rates.Step / rates.Peak / (ReferenceTokens / ReferencePeak),
            "at least 1.0");

        void Row(string name, string format, Func<TrainRates, double> of, string goal)
        {
            string Text(double value) => value.ToString(format, CultureInfo.InvariantCulture);
            var values = all.Select(of).Order().ToList();
            Console.WriteLine($"| {name} | {Text(values[values.Count / 2])} [{Text(values[0])}, {Text(values[^1])}] | {goal} |");
        }
    }

    /// <summary>Every so-many-th batch of an epoch in the order of lengths, so that a few stand for all. Labels are random: they cost the same.</summary>
    private static List<TrainBatch> Batches(IReadOnlyList<byte[]> texts, BertTokenizer tokenizer, int count)
    {
        var random = new Random(1);
        var ids = new int[256];
        var examples = texts.Select(text =>
            new Example([.. ids.AsSpan(0, tokenizer.Encode(text, ids, out _))], null, [.. Heads.Select(_ => (short[])[(short)random.Next(2)])], 1)).ToList();
        var maker = new BatchMaker([.. Heads.Select(head => KeyValuePair.Create(head.Name, new HeadConfig { Labels = [.. head.Labels] }))]);
        var plan = BatchPlan.Shuffled(examples, 32, seed: 1, epoch: 0).Where(rows => rows.Length == 32).OrderBy(rows => rows.Max(row => examples[row].Ids.Length)).ToList();
        return [.. Enumerable.Range(0, count).Select(i => maker.Make(examples, plan[(int)((i + 0.5) * plan.Count / count)])).OrderBy(_ => random.Next())];
    }

    private static ParameterSet Weights(BertConfig config, Checkpoint? checkpoint)
    {
        var shapes = ParameterShape.Of(config, Heads);
        var parameters = new ParameterSet(shapes, shapes.Select(shape => shape.Name).ToHashSet());
        if (checkpoint is not null)
        {
            StartWeights.Load(checkpoint, Heads, parameters, seed: 1);
            return parameters;
        }

        var random = new RandomWeights(config, Heads, seed: 1);
        foreach (var parameter in parameters.All)
        {
            random.Read(parameter.Name).CopyTo(parameter.Value.Span);
        }

        return parameters;
    }
}
