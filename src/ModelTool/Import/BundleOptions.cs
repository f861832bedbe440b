using System.CommandLine;
using ModelTool.Graph;
using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Encode;

namespace ModelTool.Import;

/// <summary>Options of the commands that make a bundle from weights.</summary>
internal sealed class BundleOptions
{
    private readonly Option<string> _out = new("--out") { Description = "The bundle's folder; replaced if it holds a bundle.", Required = true };
    private readonly Option<GraphLayout> _layout = new("--layout")
    {
        Description = "packed, without padding, or padded, as ordinary exports are, for other programs.",
        DefaultValueFactory = _ => GraphLayout.Packed,
    };

    private readonly Option<string?> _name = new("--name") { Description = "Name of the model, as scored records show it; without it the folder's name." };
    private readonly Option<string> _version = new("--model-version") { Description = "Version of the model, as scored records show it.", DefaultValueFactory = _ => "1" };
    private readonly Option<FileInfo?> _heads = new("--heads")
    {
        Description = "Heads in the order of the logits: {\"NAME\": {\"kind\": \"softmax\", \"labels\": [...]}}; an embedding has \"pooling\" (mean, cls, pooled) and \"normalise\". "
            + "Without it the checkpoint's heads.json.",
    };

    private readonly Option<string[]> _head = new("--head")
    {
        Description = "A head as NAME=KIND:LABEL,LABEL or NAME=embedding:mean,normalise; may be given several times, instead of --heads.",
    };

    private readonly Option<FileInfo?> _vocabulary = new("--vocab") { Description = "WordPiece vocabulary, one entry a line; without it the checkpoint's vocab.txt." };
    private readonly Option<FileInfo?> _tokenizer = new("--tokenizer-config") { Description = "tokenizer_config.json; without it the checkpoint's, else lower case, accents stripped." };
    private readonly Option<int?> _maxTokens = new("--max-tokens") { Description = "Token ids of a row at most; without it 256, or the encoder's positions if they are fewer." };
    private readonly Option<SegmentSettings?> _segments = SegmentOption.Create();
    private readonly Option<FileInfo?> _policy = new("--policy") { Description = "policy.json; without it one that flags nothing." };
    private readonly Option<FileInfo?> _card = new("--card") { Description = "Model card; without it a short one that says where the weights are from." };

    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[_out, _heads, _head, _layout, _name, _version, _vocabulary, _tokenizer, _maxTokens, _segments, _policy, _card])
        {
            command.Options.Add(option);
        }
    }

    public string Out(ParseResult parsed) => parsed.GetRequiredValue(_out) is { Length: > 0 } folder ? folder : throw new ToolException("--out must name a folder.");

    public string Name(ParseResult parsed) =>
        parsed.GetValue(_name) ?? Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(Out(parsed))));

    public GraphLayout Layout(ParseResult parsed) => parsed.GetValue(_layout);

    public string Version(ParseResult parsed) => parsed.GetRequiredValue(_version);

    public FileInfo? Vocabulary(ParseResult parsed) => parsed.GetValue(_vocabulary);

    public FileInfo? TokenizerConfig(ParseResult parsed) => parsed.GetValue(_tokenizer);

    public FileInfo? Policy(ParseResult parsed) => parsed.GetValue(_policy);

    public FileInfo? Card(ParseResult parsed) => parsed.GetValue(_card);

    public int MaxTokens(ParseResult parsed, BertConfig config) => parsed.GetValue(_maxTokens) ?? Math.Min(256, config.Encoder.Positions);

    public SegmentSettings? Segments(ParseResult parsed) => parsed.GetValue(_segments);

    /// <param name="otherwise">The file to read when the command line names no heads.</param>
    /// <exception cref="ToolException">There are none, or they are not valid.</exception>
    public List<HeadSpec> Heads(ParseResult parsed, FileInfo? otherwise)
    {
        var inline = parsed.GetValue(_head) ?? [];
        var file = parsed.GetValue(_heads);
        if (inline.Length > 0 && file is not null)
        {
            throw new ToolException("Give --heads or --head, not both.");
        }

        var heads = inline.Length > 0 ? HeadSpecs.Parse(inline) : (file ?? otherwise) is { } found ? HeadSpecs.Read(found) : [];
        return heads.Count > 0
            ? heads
            : throw new ToolException("A model needs heads: name them with --heads FILE or --head NAME=KIND:LABEL,LABEL; an encoder alone can have --head embedding=embedding:mean,normalise.");
    }

    /// <summary>What the options make of a checkpoint; reads its weights when the bundle is written.</summary>
    public NewBundle NewBundle(ParseResult parsed, Checkpoint checkpoint)
    {
        var heads = Heads(parsed, checkpoint.HeadsFile);
        checkpoint.Require(heads);
        return new NewBundle
        {
            Name = Name(parsed),
            Version = Version(parsed),
            Config = checkpoint.Config,
            Heads = heads,
            Layout = Layout(parsed),
            Read = checkpoint.Read,
            Vocabulary = Vocabulary(parsed) ?? checkpoint.Vocabulary,
            Tokenizer = CheckpointFiles.ReadTokenizer(TokenizerConfig(parsed) ?? checkpoint.TokenizerConfig),
            MaxTokens = MaxTokens(parsed, checkpoint.Config),
            Segments = Segments(parsed),
            Policy = Policy(parsed),
            Card = Card(parsed),
            Origin = $"Imported from the checkpoint {Path.GetFileName(checkpoint.Folder)}, {FileManifest.Describe(checkpoint.Folder, Path.GetFileName(checkpoint.WeightsFile)).Sha256} (SHA-256 of its weights).",
        };
    }

    /// <summary>What the options make of a bundle's weights: what they do not say is as in that bundle.</summary>
    /// <exception cref="ToolException">They speak of what a bundle has settled.</exception>
    public NewBundle NewBundle(ParseResult parsed, BundleWeights weights)
    {
        var (bundle, manifest) = (weights.Bundle, weights.Bundle.Manifest);
        foreach (var option in (Option[])[_heads, _head, _vocabulary, _tokenizer])
        {
            if (parsed.GetResult(option) is { Implicit: false })
            {
                throw new ToolException($"{option.Name} is for checkpoints: {bundle.Folder} is a bundle and has all that.");
            }
        }

        var card = new FileInfo(bundle.PathOf("README.md"));
        return new NewBundle
        {
            Name = parsed.GetValue(_name) ?? manifest.Name,
            Version = parsed.GetResult(_version) is { Implicit: false } ? Version(parsed) : manifest.Version,
            Config = weights.Config,
            Heads = weights.Heads,
            Layout = parsed.GetResult(_layout) is { Implicit: false } ? Layout(parsed) : manifest.Variants["cpu"].Layout,
            Read = weights.Read,
            Vocabulary = new FileInfo(bundle.PathOf(manifest.Vocabulary)),
            Tokenizer = manifest.Tokenizer,
            MaxTokens = parsed.GetValue(_maxTokens) ?? manifest.MaxTokens,
            Policy = Policy(parsed) ?? new FileInfo(bundle.PolicyFile),
            Card = Card(parsed) ?? (card.Exists ? card : null),
            Origin = $"Made from the bundle {manifest.Name} {manifest.Version}, {bundle.Sha256} (SHA-256 of its manifest).",
            Training = manifest.Training,
        };
    }

    /// <summary>One line on a bundle that was made.</summary>
    public static string Describe(ModelBundle bundle)
    {
        var line = $"{bundle.Folder}: {bundle.Manifest.Name} {bundle.Manifest.Version}, sha256 {bundle.Sha256}, policy {bundle.Policy.Version}";
        var others = bundle.Manifest.Heads.Where(head => head.Pair || head.Kind is not (HeadKind.Softmax or HeadKind.Sigmoid)).Select(head => $"'{head.Name}'").ToList();
        return others.Count == 0 ? line : $"{line}; not for the worker, which serves softmax and sigmoid heads of single texts only: {string.Join(", ", others)}";
    }
}
