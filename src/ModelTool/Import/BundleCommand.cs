using System.CommandLine;
using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Encode;

namespace ModelTool.Import;

/// <summary><c>modeltool bundle</c>.</summary>
internal static class BundleCommand
{
    private static readonly Argument<DirectoryInfo> Folder = new("FOLDER") { Description = "The bundle's folder; made if it is not there." };
    private static readonly Option<bool> Reseal = new("--reseal") { Description = "Take the digests of an existing bundle's files anew; no other option is read." };
    private static readonly Option<string?> Name = new("--name") { Description = "Name of the model, as scored records show it." };
    private static readonly Option<string?> Version = new("--model-version") { Description = "Version of the model, as scored records show it." };
    private static readonly Option<FileInfo[]> Cpu = Files("--cpu", "ONNX graph for the CPU, then the files its weights are in, if any.");
    private static readonly Option<GraphPrecision?> CpuPrecision = new("--cpu-precision") { Description = "fp32, fp16 or int8. fp32 and fp16 serve on CUDA as well." };
    private static readonly Option<FileInfo[]> Cuda = Files("--cuda", "ONNX graph for CUDA, then the files its weights are in, if any.");
    private static readonly Option<GraphPrecision?> CudaPrecision = new("--cuda-precision") { Description = "fp32 or fp16." };
    private static readonly Option<FileInfo?> Vocabulary = new("--vocab") { Description = "WordPiece vocabulary, one entry a line." };
    private static readonly Option<FileInfo?> Heads = new("--heads") { Description = "Heads in the order of the logits: {\"NAME\": {\"kind\": \"softmax\", \"labels\": [...]}}." };
    private static readonly Option<FileInfo?> Config = new("--config") { Description = "The checkpoint's config.json." };
    private static readonly Option<FileInfo?> TokenizerConfig = new("--tokenizer-config") { Description = "The checkpoint's tokenizer_config.json; without it lower case, accents stripped." };
    private static readonly Option<int> MaxTokens = new("--max-tokens") { Description = "Token ids of a row at most.", DefaultValueFactory = _ => 256 };
    private static readonly Option<SegmentSettings?> Segments = SegmentOption.Create();
    private static readonly Option<FileInfo?> Policy = new("--policy") { Description = "policy.json; without it the one in the folder stays." };
    private static readonly Option<FileInfo?> Card = new("--card") { Description = "Model card; without it the README.md in the folder stays." };
    private static readonly Option<FileInfo?> About = new("--about") { Description = "JSON with 'training' and 'metrics' for the manifest; without it those in the folder stay." };

    public static Command Create()
    {
        var command = new Command("bundle", "Makes a model bundle from an ONNX export, or seals a changed one anew, and opens it as the worker does.")
        {
            Folder, Reseal, Name, Version, Cpu, CpuPrecision, Cuda, CudaPrecision, Vocabulary, Heads, Config, TokenizerConfig, MaxTokens, Segments, Policy, Card, About,
        };
        command.SetAction(parsed =>
        {
            var invocation = parsed.InvocationConfiguration;
            return ToolException.Guard(invocation.Error, () =>
            {
                var folder = parsed.GetRequiredValue(Folder).FullName;
                var bundle = parsed.GetValue(Reseal) ? BundleBuilder.Reseal(folder) : BundleBuilder.Make(folder, Read(parsed));
                invocation.Output.WriteLine($"{bundle.Folder}: {bundle.Manifest.Name} {bundle.Manifest.Version}, sha256 {bundle.Sha256}, policy {bundle.Policy.Version}");
            });
        });
        return command;
    }

    private static BundleSource Read(ParseResult parsed)
    {
        var missing = new List<string>();
        T Need<T>(Option<T?> option)
            where T : class
        {
            if (parsed.GetValue(option) is { } value)
            {
                return value;
            }

            missing.Add(option.Name);
            return null!;
        }

        var variants = new Dictionary<string, VariantSource>();
        AddVariant(parsed, "cpu", Cpu, CpuPrecision, variants, missing);
        AddVariant(parsed, "cuda", Cuda, CudaPrecision, variants, missing);
        if (variants.Count == 0)
        {
            missing.Add("--cpu or --cuda");
        }

        var source = new BundleSource
        {
            Name = Need(Name),
            Version = Need(Version),
            Vocabulary = Need(Vocabulary),
            Heads = Need(Heads),
            Config = Need(Config),
            TokenizerConfig = parsed.GetValue(TokenizerConfig),
            MaxTokens = parsed.GetValue(MaxTokens),
            Segments = parsed.GetValue(Segments),
            Variants = variants,
            Policy = parsed.GetValue(Policy),
            Card = parsed.GetValue(Card),
            About = parsed.GetValue(About),
        };
        return missing.Count == 0
            ? source
            : throw new ToolException($"To make a bundle, give also {string.Join(", ", missing)}; to seal an existing one, --reseal.");
    }

    private static void AddVariant(
        ParseResult parsed,
        string device,
        Option<FileInfo[]> files,
        Option<GraphPrecision?> precision,
        Dictionary<string, VariantSource> variants,
        List<string> missing)
    {
        if (parsed.GetValue(files) is not { Length: > 0 } given)
        {
            return;
        }

        if (parsed.GetValue(precision) is { } known)
        {
            variants.Add(device, new VariantSource(given, known));
        }
        else
        {
            variants.Add(device, new VariantSource(given, default));
            missing.Add(precision.Name);
        }
    }

    private static Option<FileInfo[]> Files(string name, string description) =>
        new(name) { Description = description, AllowMultipleArgumentsPerToken = true };
}
