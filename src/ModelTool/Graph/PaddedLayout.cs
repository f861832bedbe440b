namespace ModelTool.Graph;

/// <summary>
/// Token ids as [batch, sequence] with an attention mask, as ordinary exports have them: inputs <c>input_ids</c>, <c>attention_mask</c> and
/// <c>token_type_ids</c>, all int64. Padding may stand anywhere; it costs as much as text.
/// </summary>
internal sealed class PaddedLayout(GraphBuilder graph, BertConfig config) : TokenLayout
{
    private const string TokenIds = "input_ids";
    private const string Mask = "attention_mask";
    private const string Segments = "token_type_ids";

    private readonly string _ids = graph.Input(TokenIds, ElementType.Int64, "batch", "sequence");
    private readonly string _mask = graph.Input(Mask, ElementType.Int64, "batch", "sequence");
    private readonly string _segments = graph.Input(Segments, ElementType.Int64, "batch", "sequence");
    private string? _keys;

    /// <summary>Names that no head may have.</summary>
    public static IReadOnlyList<string> InputNames { get; } = [TokenIds, Mask, Segments];

    public override object[] TokenShape { get; } = ["batch", "sequence"];

    public override string Ids => _ids;

    public override string Places(string positions, string segments)
    {
        var length = graph.Node("Shape", [_ids], null, ("start", 1), ("end", 2));
        var used = graph.Node("Slice", [positions, graph.Initializer("first.position", [0L], 1), length]);
        return graph.Node("Add", [graph.Node("Gather", [segments, _segments]), used]);
    }

    public override string Embed(string words, string positions, string segments, string scale, string shift)
    {
        return graph.Nodes(
            "EmbedLayerNormalization",
            [ToInt32(_ids), ToInt32(_segments), words, positions, segments, scale, shift],
            2,
            GraphBuilder.Microsoft,
            ("epsilon", config.Epsilon))[0];
    }

    public override string Attend(string queries, string keys, string values, string bias, bool onlyFirst) => graph.Node(
        "MultiHeadAttention",
        [queries, keys, values, bias, _keys ??= ToInt32(_mask)],
        GraphBuilder.Microsoft,
        ("num_heads", config.Encoder.AttentionHeads));

    // [batch, 1, hidden]: attention wants three dimensions.
    public override string First(string hidden) => graph.Node("Gather", [hidden, graph.Initializer("first", [0L], 1)], null, ("axis", 1));

    public override string Rows(string first) => graph.Node("Squeeze", [first, graph.Initializer("axis", [1L], 1)]);

    public override string Mean(string hidden)
    {
        var axis = graph.Initializer("tokens", [1L], 1);
        var weights = graph.Node("Cast", [_mask], null, ("to", ElementType.Float));
        var sum = graph.Node("MatMul", [graph.Node("Unsqueeze", [weights, axis]), hidden]);
        var count = graph.Node("ReduceSum", [weights, axis], null, ("keepdims", 1));
        return graph.Node("Div", [graph.Node("Squeeze", [sum, axis]), count]);
    }

    private string ToInt32(string value) => graph.Node("Cast", [value], null, ("to", ElementType.Int32));
}
