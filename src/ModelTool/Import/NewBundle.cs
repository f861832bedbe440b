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

    /// <summary>Of the encoder: fp32, or int8 with a scale a token.</summary>
    public GraphPrecision Precision { get; init; } = GraphPrecision.Fp32;

    /// <summary>Asked once for every weight.</summary>
    public required ReadWeight Read { get; init; }

    public required FileInfo Vocabulary { get; init; }

    public TokenizerSettings Tokenizer { get; init; } = new();

    public required int MaxTokens { get; init; }

    /// <summary>Null: a policy that flags nothing.</summary>
    public FileInfo? Policy { get; init; }

    /// <summary>Null: a few lines that say where the weights are from.</summary>
    public FileInfo? Card { get; init; }

    /// <summary>Where the weights are from, in one sentence.</summary>
    public required string Origin { get; init; }

    /// <summary>Writes the bundle and opens it as the worker does; the folder is there once all of that went well.</summary>
    /// <exception cref="ToolException">The parts do not fit each other.</exception>
    /// <param name="accept">Gets the finished bundle's folder before it takes the target's place; what it throws leaves the target as it was.</param>
    public ModelBundle Write(string target, Action<string>? accept = null)
    {
        Check();
        OutputFolder.Write(target, ModelBundle.ManifestFile, folder =>
        {
            Fill(folder);
            accept?.Invoke(folder);
        });
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
        var files = BertGraph.Emit(Config, Layout, Precision, Heads, Read).Save(Path.Combine(folder, $"model.{(Precision == GraphPrecision.Int8 ? "int8" : "fp32")}.onnx"));
        BundleBuilder.Copy(Vocabulary, folder, "vocab.txt");
        WriteOr(Policy, folder, ModelBundle.PolicyFileName, "{ \"version\": \"none\", \"description\": \"flags nothing\", \"heads\": {} }\n");
        WriteOr(Card, folder, "README.md", $"# {Name} {Version}\n\n{Origin}\n\n{Shape()}\nIts quality has not been measured.\n");
        BundleBuilder.Seal(folder, new BundleManifest
        {
            Format = BundleManifest.CurrentFormat,
            Name = Name,
            Version = Version,
            Encoder = Config.Encoder,
            Tokenizer = Tokenizer,
            MaxTokens = MaxTokens,
            Heads = [.. Heads.Select(head => head.Manifest)],
            Vocabulary = "vocab.txt",
            Variants = new Dictionary<string, VariantManifest>
            {
                ["cpu"] = new(files[0], Layout, Precision, files.Count > 1 ? [.. files.Skip(1)] : null),
            },
            Files = [],
        });
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
