using System.Globalization;
using ModelTool.Graph;
using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Encode;

namespace ModelTool.Import;

/// <summary>All that a bundle is made from when its graph is emitted here.</summary>
internal sealed record NewBundle
{
    public required string Name { get; init; }

    public required string Version { get; init; }

    public required BertConfig Config { get; init; }

    public required IReadOnlyList<HeadSpec> Heads { get; init; }

    public required GraphLayout Layout { get; init; }

    /// <summary>Of the encoder in the CPU's graph.</summary>
    public GraphPrecision Precision { get; init; } = GraphPrecision.Fp32;

    /// <summary>Parts of an int8 graph that stay fp32 all the same (<see cref="GraphPlan.Parts"/>).</summary>
    public IReadOnlyList<string> KeptFp32 { get; init; } = [];

    /// <summary>How an fp16 graph for CUDA attends; null: the bundle has none.</summary>
    public CudaAttention? Cuda { get; init; }

    /// <summary>Asked once for every weight of each graph.</summary>
    public required ReadWeight Read { get; init; }

    public required FileInfo Vocabulary { get; init; }

    public TokenizerSettings Tokenizer { get; init; } = new();

    public required int MaxTokens { get; init; }

    /// <summary>Null: a text that is too long loses its tail.</summary>
    public SegmentSettings? Segments { get; init; }

    /// <summary>Null: a policy that flags nothing.</summary>
    public FileInfo? Policy { get; init; }

    /// <summary>Null: a few lines that say where the weights are from.</summary>
    public FileInfo? Card { get; init; }

    /// <summary>Where the weights are from, in one sentence.</summary>
    public required string Origin { get; init; }

    public TrainingManifest? Training { get; init; }

    public MetricsManifest? Metrics { get; init; }

    /// <summary>The CPU's graph.</summary>
    public GraphPlan Plan => new(Config, Layout, Precision) { KeptFp32 = KeptFp32 };

    /// <summary>Writes the bundle and opens it as the worker does; the folder is there once all of that went well.</summary>
    /// <param name="decide">Gets a folder for trials, which it must remove, and gives the bundle to write instead; what it throws leaves the target as it was.</param>
    /// <exception cref="ToolException">The parts do not fit each other.</exception>
    public ModelBundle Write(string target, Func<string, NewBundle>? decide = null)
    {
        Check();
        OutputFolder.Write(target, ModelBundle.ManifestFile, folder => (decide?.Invoke(folder + ".trials") ?? this).Fill(folder));
        return ModelBundle.Open(target);
    }

    /// <summary>What the manifest's own rules would refuse later, said in the words of whoever gave it.</summary>
    private void Check()
    {
        CheckpointFiles.LoadTokenizer(Vocabulary, Tokenizer, Config.Encoder.Vocabulary);
        if (MaxTokens < 3 || MaxTokens > Config.Encoder.Positions)
        {
            throw new ToolException($"--max-tokens {MaxTokens} must lie between 3 and the encoder's positions, {Config.Encoder.Positions}.");
        }
    }

    private void Fill(string folder)
    {
        var variants = new Dictionary<string, VariantManifest> { ["cpu"] = Emit(folder, Plan) };
        if (Cuda is { } attention)
        {
            variants["cuda"] = Emit(folder, new GraphPlan(Config, Layout, GraphPrecision.Fp16) { Attention = attention });
        }

        BundleBuilder.Copy(Vocabulary, folder, "vocab.txt");
        WriteOr(Policy, folder, ModelBundle.PolicyFileName, "{ \"version\": \"none\", \"description\": \"flags nothing\", \"heads\": {} }\n");
        WriteOr(Card, folder, "README.md", $"# {Name} {Version}\n\n{Origin}\n\n{Shape()}\nIts quality {(Metrics is null ? "has not been measured" : "is in manifest.json")}.\n");
        var bundle = BundleBuilder.Seal(folder, new BundleManifest
        {
            Format = BundleManifest.CurrentFormat,
            Name = Name,
            Version = Version,
            Encoder = Config.Encoder,
            Tokenizer = Tokenizer,
            MaxTokens = MaxTokens,
            Segments = Segments,
            Heads = [.. Heads.Select(head => head.Manifest)],
            Vocabulary = "vocab.txt",
            Variants = variants,
            Files = [],
            Training = Training,
            Metrics = Metrics,
        });
        if (Cuda is not null)
        {
            GraphTrial.Run(bundle);
        }
    }

    private VariantManifest Emit(string folder, GraphPlan plan)
    {
        var files = BertGraph.Emit(plan, Heads, Read).Save(Path.Combine(folder, $"model.{plan.Precision.ToString().ToLowerInvariant()}.onnx"));
        return new VariantManifest(files[0], plan.Layout, plan.Precision, files.Count > 1 ? [.. files.Skip(1)] : null, plan.Precision == GraphPrecision.Int8);
    }

    private string Shape()
    {
        var weights = BertTensors.Of(Config, Heads).Sum(tensor => tensor.Shape.Aggregate(1L, (count, size) => count * size));
        var encoder = Config.Encoder;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{encoder.Layers} layers, hidden size {encoder.Hidden}, {encoder.AttentionHeads} attention heads; {weights / 1e6:0.0} million weights.\n");
    }

    private static void WriteOr(FileInfo? file, string folder, string name, string otherwise)
    {
        if (file is null)
        {
            File.WriteAllText(Path.Combine(folder, name), otherwise);
        }
        else
        {
            BundleBuilder.Copy(file, folder, name);
        }
    }
}
