using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using StreamScorer.Shared.Bundle;

namespace StreamScorer.Shared.Infer;

/// <summary>An input that a graph takes: name and integer type.</summary>
internal sealed record GraphInput(string Name, TensorElementType Type);

/// <summary>The output that carries one head's logits, or its vector.</summary>
/// <param name="Width">Numbers a row.</param>
internal sealed record GraphOutput(string Name, TensorElementType Type, HeadManifest Head, int Width);

/// <summary>How a graph's inputs and outputs are to be used, read from the graph and held against the manifest.</summary>
internal sealed record GraphContract(GraphLayout Layout, IReadOnlyList<GraphInput> Inputs, IReadOnlyList<GraphOutput> Outputs, IReadOnlyList<string> Notes)
{
    public const string InputIds = "input_ids";
    public const string AttentionMask = "attention_mask";
    public const string TokenTypeIds = "token_type_ids";
    public const string Ids = "ids";
    public const string Positions = "positions";
    public const string Segments = "segments";
    public const string Bounds = "bounds";

    /// <summary>Id behind which a row's second text begins; null where rows hold one text.</summary>
    public int? Separator { get; init; }

    public bool HasMask => Inputs.Any(input => input.Name == AttentionMask);

    public int LogitCount => Outputs.Sum(output => output.Width);

    /// <param name="heads">Of the manifest, those to be read.</param>
    /// <param name="faults">Clauses without a full stop; when there are any, the contract cannot be used.</param>
    public static GraphContract Read(InferenceSession session, GraphLayout layout, EncoderManifest encoder, IReadOnlyList<HeadManifest> heads, List<string> faults)
    {
        var notes = new List<string>();
        var inputs = layout == GraphLayout.Packed
            ? ReadInputs(session, "a packed layout", 1, "[size], dynamic", [Ids, Positions, Segments, Bounds], [Ids, Positions, Bounds], faults)
            : ReadInputs(session, "a padded layout", 2, "[batch, sequence], both dynamic", [InputIds, AttentionMask, TokenTypeIds], [InputIds], faults);
        var outputs = ReadOutputs(session, heads, encoder.Hidden, faults, notes);
        return new GraphContract(layout, inputs, outputs, notes);
    }

    private static List<GraphInput> ReadInputs(
        InferenceSession session, string layout, int rank, string shape, string[] given, string[] needed, List<string> faults)
    {
        var inputs = new List<GraphInput>();
        foreach (var (name, node) in session.InputMetadata)
        {
            if (!given.Contains(name))
            {
                faults.Add($"the graph wants an input '{name}' and {layout} gives {string.Join(", ", given[..^1])} and {given[^1]}");
            }
            else if (!node.IsTensor || node.ElementDataType is not (TensorElementType.Int64 or TensorElementType.Int32))
            {
                faults.Add($"the graph's input '{name}' must hold int64 or int32");
            }
            else if (node.Dimensions.Length != rank || node.Dimensions.Any(size => size > 0))
            {
                faults.Add($"the graph's input '{name}' has shape {Shape(node)} and needs {shape}");
            }
            else
            {
                inputs.Add(new GraphInput(name, node.ElementDataType));
            }
        }

        faults.AddRange(needed.Where(name => !session.InputMetadata.ContainsKey(name)).Select(name => $"the graph has no input '{name}'"));
        return inputs;
    }

    private static List<GraphOutput> ReadOutputs(
        InferenceSession session, IReadOnlyList<HeadManifest> heads, int hidden, List<string> faults, List<string> notes)
    {
        var outputs = new List<GraphOutput>();
        var names = session.OutputNames;
        var byName = heads.Any(head => names.Contains(head.Name));
        if (!byName && names.Count != heads.Count)
        {
            faults.Add($"the graph's outputs ({string.Join(", ", names)}) are not the heads' names ({string.Join(", ", heads.Select(h => h.Name))})");
            return outputs;
        }

        for (var i = 0; i < heads.Count; i++)
        {
            var name = byName ? heads[i].Name : names[i];
            if (!session.OutputMetadata.TryGetValue(name, out var node))
            {
                faults.Add($"the graph has no output for head '{name}', it has {string.Join(", ", names)}");
                continue;
            }

            var width = heads[i].Kind == HeadKind.Embedding ? hidden : heads[i].Labels.Count;
            CheckOutput(name, node, heads[i], width, faults);
            outputs.Add(new GraphOutput(name, node.ElementDataType, heads[i], width));
        }

        if (!byName)
        {
            var pairs = outputs.Select(output => $"'{output.Name}' as {output.Head.Name}");
            notes.Add($"The graph's outputs do not have the heads' names and are taken in order: {string.Join(", ", pairs)}.");
        }

        return outputs;
    }

    private static void CheckOutput(string name, NodeMetadata node, HeadManifest head, int width, List<string> faults)
    {
        if (!node.IsTensor || node.ElementDataType is not (TensorElementType.Float or TensorElementType.Float16))
        {
            faults.Add($"the graph's output '{name}' must hold float or float16");
            return;
        }

        // An unknown last dimension (-1) is settled by the first run.
        var shape = node.Dimensions;
        if (shape.Length != 2 || shape[0] > 0 || (shape[1] > 0 && shape[1] != width))
        {
            faults.Add($"the graph's output '{name}' has shape {Shape(node)} and head '{head.Name}' has {width} {(head.Kind == HeadKind.Embedding ? "numbers" : "labels")}");
        }
    }

    private static string Shape(NodeMetadata node) =>
        $"[{string.Join(", ", node.Dimensions.Select((size, i) => size > 0 ? $"{size}" : node.SymbolicDimensions[i] is { Length: > 0 } s ? s : "?"))}]";
}
