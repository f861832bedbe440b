namespace ModelTool.Graph;

/// <summary>Which operator attends in a packed graph for CUDA.</summary>
internal enum CudaAttention
{
    /// <summary>MultiHeadAttention over rows padded to the longest; runs on the CPU as well.</summary>
    Rows,

    /// <summary>PackedMultiHeadAttention, which pads nothing. There is no CPU kernel of it.</summary>
    Packed,
}

/// <summary>
/// The packed inputs for ONNX Runtime's CUDA provider. Queries, keys and values stay apart, because its flash attention takes them so at any length,
/// and as one only from 513 tokens on.
/// </summary>
internal sealed class CudaLayout(GraphBuilder graph, BertConfig config, CudaAttention attention) : PackedLayout(graph, config)
{
    private string? _offsets;

    public override bool AsksForFirst => attention == CudaAttention.Rows;

    public override string Attend(string queries, string keys, string values, string queryBias, bool onlyFirst)
    {
        if (attention == CudaAttention.Rows)
        {
            return Attend(queries, Spread(keys), Spread(values), queryBias, onlyFirst, "MultiHeadAttention");
        }

        var attended = Graph.Node(
            "PackedMultiHeadAttention",
            [queries, keys, values, queryBias, _offsets ??= Offsets(), Bounds],
            GraphBuilder.Microsoft,
            ("num_heads", Config.Encoder.AttentionHeads));
        return onlyFirst ? First(attended) : attended;
    }

    /// <summary>[batch, longest row] int32: where the tokens are among the padded rows, one after the other, then where there are none.</summary>
    internal string Offsets()
    {
        var padding = Graph.Node("NonZero", [Graph.Node("Reshape", [Graph.Node("Not", [IsToken]), Line])]);
        var all = Graph.Node("Concat", [Back, Graph.Node("Squeeze", [padding, FirstAxis])], null, ("axis", 0));
        return Graph.Node("Reshape", [Graph.Node("Cast", [all], null, ("to", ElementType.Int32)), Graph.Node("Shape", [IsToken])]);
    }
}
