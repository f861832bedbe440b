using System.Runtime.InteropServices;
using ModelTool.Graph;
using StreamScorer.Shared.Bundle;

namespace ModelTool.Import;

/// <summary>
/// The weights of an fp32 bundle that this tool emitted, by the names of <see cref="BertTensors"/>. What the graph computes is the checkpoint's function;
/// its biases are not the checkpoint's own, because those of keys are gone and those of values are part of the next layer's.
/// </summary>
internal sealed class BundleWeights
{
    private readonly string _graph;
    private readonly Dictionary<string, TensorProto> _tensors;

    private BundleWeights(ModelBundle bundle, string graph, ModelProto model)
    {
        Bundle = bundle;
        _graph = graph;
        _tensors = model.Graph.Initializer.ToDictionary(tensor => tensor.Name);
        Heads = [.. bundle.Manifest.Heads.Select(head => new HeadSpec(head.Name, head.Kind, head.Labels))];
        var norm = model.Graph.Node.FirstOrDefault(node => node.OpType == "SkipLayerNormalization");
        Config = new BertConfig(
            bundle.Manifest.Encoder,
            (int)Find("embeddings/segments").Dims[0],
            norm?.Attribute.FirstOrDefault(attribute => attribute.Name == "epsilon")?.F ?? throw Foreign(graph));
    }

    public ModelBundle Bundle { get; }

    public BertConfig Config { get; }

    public IReadOnlyList<HeadSpec> Heads { get; }

    /// <exception cref="ToolException">Its weights cannot be had; says what to give instead.</exception>
    public static BundleWeights Open(string folder)
    {
        var bundle = ModelBundle.Open(folder);
        var variant = bundle.Manifest.Variants.GetValueOrDefault("cpu");
        if (variant is not { Precision: GraphPrecision.Fp32 })
        {
            throw new ToolException($"{bundle.Folder} has no fp32 graph for the CPU, so its weights are rounded already: {Instead}.");
        }

        if (bundle.Manifest.Heads.FirstOrDefault(head => head.Kind == HeadKind.Embedding) is { } embedding)
        {
            throw new ToolException($"{bundle.Folder} does not say how its head '{embedding.Name}' makes a vector: {Instead}.");
        }

        var graph = bundle.PathOf(variant.Graph);
        using var stream = File.OpenRead(graph);
        var model = ModelProto.Parser.ParseFrom(stream);
        return model.ProducerName == "modeltool" ? new BundleWeights(bundle, graph, model) : throw Foreign(graph);
    }

    private const string Instead = "give the checkpoint it was made from, the folder with config.json, vocab.txt and model.safetensors";

    /// <summary>Row-major; linear weights are [outputs, inputs].</summary>
    public float[] Read(string name)
    {
        var hidden = Config.Hidden;
        var parts = name.Split('.');
        return parts switch
        {
            ["embeddings", "word_embeddings", _] => Data("embeddings/words"),
            ["embeddings", "position_embeddings", _] => Data("embeddings/positions"),
            ["embeddings", "token_type_embeddings", _] => Data("embeddings/segments"),
            ["embeddings", "LayerNorm", var kind] => Data($"embeddings/{Norm(kind)}"),
            ["encoder", "layer", var i, "attention", "self", var part, "weight"] => Turned($"layer.{i}/{part}.weight"),
            ["encoder", "layer", var i, "attention", "self", var part, "bias"] =>
                Data($"layer.{i}/attention.bias").AsSpan(Array.IndexOf(["query", "key", "value"], part) * hidden, hidden).ToArray(),
            ["encoder", "layer", var i, "attention", "output", "LayerNorm", var kind] => Data($"layer.{i}/attention.output.{Norm(kind)}"),
            ["encoder", "layer", var i, "output", "LayerNorm", var kind] => Data($"layer.{i}/output.{Norm(kind)}"),
            ["encoder", "layer", var i, .. var path, "dense", "weight"] => Turned($"layer.{i}/{string.Join('.', path)}.weight"),
            ["encoder", "layer", var i, .. var path, "dense", "bias"] => Data($"layer.{i}/{string.Join('.', path)}.bias"),
            ["pooler", "dense", var kind] => Data($"heads/pooler.{kind}"),
            ["heads", .. var path, var kind] => Head(string.Join('.', path), kind),
            _ => throw new ArgumentException($"A BERT has no weight '{name}'.", nameof(name)),
        };
    }

    private float[] Head(string head, string kind) => (kind, Heads.Single(spec => spec.Name == head).NeedsTokens) switch
    {
        ("weight", true) => Turned($"heads/{head}/dense.weight"),
        ("weight", false) => Data($"heads/{head}/dense.weight"),
        (_, true) => Data($"heads/{head}/bias"),
        _ => Data($"heads/{head}/dense.bias"),
    };

    private static string Norm(string kind) => kind == "weight" ? "scale" : "shift";

    private TensorProto Find(string name) => _tensors.GetValueOrDefault(name) ?? throw Foreign(_graph);

    /// <summary>A matrix as the checkpoint has it: the graph's is turned.</summary>
    private float[] Turned(string name)
    {
        var tensor = Find(name);
        return BertGraph.Transpose(Data(name), (int)tensor.Dims[0], (int)tensor.Dims[1]);
    }

    private float[] Data(string name)
    {
        var tensor = Find(name);
        if (tensor.DataLocation != TensorProto.Types.DataLocation.External)
        {
            return MemoryMarshal.Cast<byte, float>(tensor.RawData.Span).ToArray();
        }

        var entries = tensor.ExternalData.ToDictionary(entry => entry.Key, entry => entry.Value);
        var values = new float[tensor.Dims.Aggregate(1L, (count, size) => count * size)];
        using var file = File.OpenRead(Path.Combine(Bundle.Folder, entries["location"]));
        file.Position = long.Parse(entries["offset"], System.Globalization.CultureInfo.InvariantCulture);
        file.ReadExactly(MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }

    private static ToolException Foreign(string graph) => new($"{graph} is no graph that 'import' emitted, so its weights go by other names: {Instead}.");
}
