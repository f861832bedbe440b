namespace ModelTool.Graph;

/// <summary>
/// Token ids as [batch, sequence] with an attention mask, as ordinary exports have them: inputs <c>input_ids</c>, <c>attention_mask</c> and
/// <c>token_type_ids</c>, all int64. Padding may stand anywhere; it costs as much as text.
/// </summary>
internal sealed class PaddedLayout : TokenLayout
{
    private const string TokenIds = "input_ids";
    private const string Mask = "attention_mask";
    private const string TokenSegments = "token_type_ids";

    private readonly string _secondAxis;
    private readonly string _flat;
    private readonly string _shape;
    private readonly string _keys;

    public PaddedLayout(GraphBuilder graph, BertConfig config)
        : base(graph, config)
    {
        graph.Input(TokenIds, ElementType.Int64, "batch", "sequence");
        graph.Input(Mask, ElementType.Int64, "batch", "sequence");
        graph.Input(TokenSegments, ElementType.Int64, "batch", "sequence");
        using var scope = graph.Scope("rows");
        _secondAxis = graph.Initializer("axis.1", [1L], 1);
        _flat = graph.Initializer("flat", [-1L, config.Hidden], 2);
        var line = graph.Initializer("line", [-1L], 1);
        string Line(string input) => graph.Node("Reshape", [ToInt32(input), line]);

        Ids = Line(TokenIds);
        Segments = Line(TokenSegments);
        var size = graph.Node("Shape", [TokenIds]);
        _shape = graph.Node("Concat", [size, graph.Initializer("any", [-1L], 1)], null, ("axis", 0));
        var length = graph.Node("Gather", [size, graph.Initializer("second", [1L])]);
        var steps = graph.Node("Range", [graph.Initializer("zero", [0L]), length, graph.Initializer("one", [1L])]);
        Positions = Line(graph.Node("Expand", [steps, size]));
        Rows = graph.Node("Gather", [TokenIds, graph.Initializer("first", [0L])], null, ("axis", 1));
        _keys = ToInt32(Mask);
    }

    /// <summary>Names that no head may have.</summary>
    public static IReadOnlyList<string> InputNames { get; } = [TokenIds, Mask, TokenSegments];

    public override string Ids { get; }

    protected override string Positions { get; }

    protected override string Segments { get; }

    protected override string Rows { get; }

    public override string Attend(string queries, string keys, string values, string queryBias, bool onlyFirst)
    {
        string[] inputs = [onlyFirst ? Graph.Node("Unsqueeze", [queries, _secondAxis]) : Spread(queries), Spread(keys), Spread(values), queryBias, _keys];
        var attended = Graph.Node("MultiHeadAttention", inputs, GraphBuilder.Microsoft, ("num_heads", Config.Encoder.AttentionHeads));
        return Graph.Node("Reshape", [attended, _flat]);
    }

    public override string First(string hidden) => Graph.Node("Gather", [Spread(hidden), Graph.Initializer("first", [0L])], null, ("axis", 1));

    public override string Mean(string hidden)
    {
        var weights = Graph.Node("Cast", [Mask], null, ("to", ElementType.Float));
        var sum = Graph.Node("MatMul", [Graph.Node("Unsqueeze", [weights, _secondAxis]), Spread(hidden)]);
        var count = Graph.Node("ReduceSum", [weights, _secondAxis], null, ("keepdims", 1));
        return Graph.Node("Div", [Graph.Node("Squeeze", [sum, _secondAxis]), count]);
    }

    public override void Output(string name, string values, int width)
    {
        Graph.Add("Reshape", [values, _shape], [name]);
        Graph.Output(name, ElementType.Float, "batch", "sequence", width);
    }

    /// <summary>[tokens, hidden] to [batch, sequence, hidden].</summary>
    private string Spread(string values) => Graph.Node("Reshape", [values, _shape]);

    private string ToInt32(string value) => Graph.Node("Cast", [value], null, ("to", ElementType.Int32));
}
