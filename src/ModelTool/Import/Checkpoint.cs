using ModelTool.Graph;
using StreamScorer.Shared.Bundle;

namespace ModelTool.Import;

/// <summary>
/// A BERT checkpoint as Hugging Face's libraries save it: config.json, vocab.txt, perhaps tokenizer_config.json and heads.json, and the weights in
/// a safetensors file. Weights go by the names of <see cref="BertTensors"/>, whatever the file calls them.
/// </summary>
internal sealed class Checkpoint : IDisposable
{
    private const string Weights = "model.safetensors";

    private readonly SafetensorsFile _file;
    private readonly string _prefix;
    private readonly Dictionary<string, string> _names = new(StringComparer.Ordinal);

    private Checkpoint(string folder, BertConfig config, SafetensorsFile file)
    {
        Folder = folder;
        Config = config;
        _file = file;
        _prefix = file.Tensors.ContainsKey("bert.embeddings.word_embeddings.weight") ? "bert." : "";
    }

    public string Folder { get; }

    public BertConfig Config { get; }

    /// <summary>Full path of the weights.</summary>
    public string WeightsFile => _file.Path;

    public FileInfo ConfigFile => new(Path.Combine(Folder, "config.json"));

    /// <summary>Null when the folder has none.</summary>
    public FileInfo? HeadsFile => Existing("heads.json");

    /// <summary>Null when the folder has none.</summary>
    public FileInfo? TokenizerConfig => Existing("tokenizer_config.json");

    /// <summary>WordPiece vocabulary.</summary>
    /// <exception cref="ToolException">The folder has none.</exception>
    public FileInfo Vocabulary => Existing("vocab.txt")
        ?? throw new ToolException($"{Folder} has no vocab.txt, the WordPiece vocabulary, one entry a line: get it from where the checkpoint is from.");

    /// <param name="path">The folder, whose weights are then in model.safetensors, or a safetensors file in it.</param>
    /// <exception cref="ToolException">Something is missing, damaged, or no BERT.</exception>
    public static Checkpoint Open(string path)
    {
        if (path.Length == 0)
        {
            throw new ToolException("The checkpoint has no name: give its folder, or its safetensors file.");
        }

        var folder = Path.GetFullPath(Directory.Exists(path) ? path : Path.GetDirectoryName(Path.GetFullPath(path))!);
        var weights = Directory.Exists(path) ? Path.Combine(folder, Weights) : path;
        if (!File.Exists(weights))
        {
            var other = File.Exists(Path.Combine(folder, "pytorch_model.bin")) ? " (pytorch_model.bin cannot be read: it is a Python program's memory)" : "";
            throw new ToolException($"There is no {weights}{other}: give the folder of a checkpoint saved as safetensors, or the safetensors file.");
        }

        var config = CheckpointConfig.Read(new FileInfo(Path.Combine(folder, "config.json")));
        return new Checkpoint(folder, config, SafetensorsFile.Open(weights));
    }

    /// <summary>Finds all weights of the encoder and the heads, and holds their shapes against the configuration.</summary>
    /// <exception cref="ToolException">Some are missing or have another shape; each is named.</exception>
    public void Require(IReadOnlyList<HeadSpec> heads)
    {
        var faults = new List<string>();
        foreach (var (name, shape) in BertTensors.Of(Config, heads))
        {
            var candidates = Candidates(name, heads);
            var found = Array.Find(candidates, _file.Tensors.ContainsKey);
            if (found is null)
            {
                faults.Add($"tensor '{candidates[0]}' is missing");
            }
            else if (!_file.Tensors[found].Shape.SequenceEqual(shape))
            {
                faults.Add($"tensor '{found}' has shape {_file.Tensors[found].ShapeText} and must have [{string.Join(", ", shape)}]");
            }
            else
            {
                _names[name] = found;
            }
        }

        if (faults.Count > 0)
        {
            var more = faults.Count > 4 ? $"; and {faults.Count - 4} more" : "";
            throw new ToolException($"{_file.Path} does not fit its config.json and heads: {string.Join("; ", faults.Take(4))}{more}.");
        }
    }

    /// <summary>A weight that <see cref="Require"/> found.</summary>
    /// <exception cref="ToolException">It cannot be read, or holds a number that is not finite.</exception>
    public float[] Read(string name)
    {
        var data = _file.Floats(_names[name]);
        var spoiled = Array.FindIndex(data, value => !float.IsFinite(value));
        return spoiled < 0
            ? data
            : throw new ToolException($"Tensor '{_names[name]}' in {_file.Path} holds {data[spoiled]} at element {spoiled}: the checkpoint is spoiled.");
    }

    public void Dispose() => _file.Dispose();

    /// <summary>Names that a weight may have in the file, the likeliest first.</summary>
    private string[] Candidates(string name, IReadOnlyList<HeadSpec> heads)
    {
        if (name.StartsWith("heads.", StringComparison.Ordinal))
        {
            // The reference implementation's models with one head have these names for it.
            var withWeights = heads.Where(head => head.HasWeights).ToList();
            var single = withWeights is [var head] ? $"{(head.Kind == HeadKind.Span ? "qa_outputs" : "classifier")}{name[name.LastIndexOf('.')..]}" : null;
            return single is null ? [name] : [name, single];
        }

        // The first BERT checkpoints, bert-base-uncased among them, call the scale and shift of a normalisation gamma and beta.
        var old = name.Replace("LayerNorm.weight", "LayerNorm.gamma", StringComparison.Ordinal).Replace("LayerNorm.bias", "LayerNorm.beta", StringComparison.Ordinal);
        return [_prefix + name, _prefix + old];
    }

    private FileInfo? Existing(string name)
    {
        var file = new FileInfo(Path.Combine(Folder, name));
        return file.Exists ? file : null;
    }
}
