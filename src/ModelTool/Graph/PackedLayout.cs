namespace ModelTool.Graph;

/// <summary>
/// Token ids of all rows one after the other, without padding: inputs <c>ids</c>, <c>positions</c> and <c>segments</c> [tokens] and <c>bounds</c>
/// [batch + 1], where each row begins and the last one ends; all int32. Only attention sees padding: there queries, keys and values are gathered
/// to [batch, longest row, hidden], and the result back.
/// </summary>
internal sealed class PackedLayout : TokenLayout
{
    private const string TokenIds = "ids";
    private const string Positions = "positions";
    private const string Segments = "segments";
    private const string Bounds = "bounds";

    private readonly GraphBuilder _graph;
    private readonly BertConfig _config;
    private readonly string _starts;
    private readonly string _lengths;
    private readonly string _isToken;
    private readonly string _places;
    private readonly string _back;
    private readonly string _firstAxis;
    private readonly string _secondAxis;
    private readonly string _flat;

    public PackedLayout(GraphBuilder graph, BertConfig config)
    {
        _graph = graph;
        _config = config;
        graph.Input(TokenIds, ElementType.Int32, "tokens");
        graph.Input(Positions, ElementType.Int32, "tokens");
        graph.Input(Segments, ElementType.Int32, "tokens");
        graph.Input(Bounds, ElementType.Int32, "batch_plus_1");
        using var scope = graph.Scope("rows");
        _firstAxis = graph.Initializer("axis.0", [0L], 1);
        _secondAxis = graph.Initializer("axis.1", [1L], 1);
        _flat = graph.Initializer("flat", [-1L, config.Hidden], 2);
        var one = graph.Initializer("one", [1]);

        _starts = graph.Node("Slice", [Bounds, _firstAxis, graph.Initializer("but.last", [-1L], 1), _firstAxis]);
        var ends = graph.Node("Slice", [Bounds, _secondAxis, graph.Initializer("all", [long.MaxValue], 1), _firstAxis]);
        _lengths = graph.Node("Sub", [ends, _starts]);
        var longest = graph.Node("ReduceMax", [_lengths], null, ("keepdims", 0));
        var steps = graph.Node("Range", [graph.Initializer("zero", [0]), longest, one]);
        _isToken = graph.Node("Less", [steps, graph.Node("Unsqueeze", [_lengths, _secondAxis])]);

        // Where there is no token, the row's last one stands in; attention does not look at it.
        var last = graph.Node("Unsqueeze", [graph.Node("Sub", [ends, one]), _secondAxis]);
        _places = graph.Node("Min", [graph.Node("Add", [steps, graph.Node("Unsqueeze", [_starts, _secondAxis])]), last]);
        _back = graph.Node("Squeeze", [graph.Node("NonZero", [graph.Node("Reshape", [_isToken, graph.Initializer("line", [-1L], 1)])]), _firstAxis]);
    }

    /// <summary>Names that no head may have.</summary>
    public static IReadOnlyList<string> InputNames { get; } = [TokenIds, Positions, Segments, Bounds];

    public override object[] TokenShape { get; } = ["tokens"];

    public override string Ids => TokenIds;

    public override string Places(string positions, string segments) =>
        _graph.Node("Add", [_graph.Node("Gather", [positions, Positions]), _graph.Node("Gather", [segments, Segments])]);

    public override string Embed(string words, string positions, string segments, string scale, string shift)
    {
        // The operator wants two dimensions: all tokens are one row to it.
        string Row(string input) => _graph.Node("Unsqueeze", [input, _firstAxis]);
        string[] inputs = [Row(TokenIds), Row(Segments), words, positions, segments, scale, shift, "", Row(Positions)];
        var row = _graph.Nodes("EmbedLayerNormalization", inputs, 2, GraphBuilder.Microsoft, ("epsilon", _config.Epsilon))[0];
        return _graph.Node("Squeeze", [row, _firstAxis]);
    }

    public override string Attend(string queries, string keys, string values, string bias, bool onlyFirst)
    {
        var attended = _graph.Node(
            "MultiHeadAttention",
            [onlyFirst ? _graph.Node("Unsqueeze", [queries, _secondAxis]) : Spread(queries), Spread(keys), Spread(values), bias, _lengths],
            GraphBuilder.Microsoft,
            ("num_heads", _config.Encoder.AttentionHeads));
        return onlyFirst
            ? _graph.Node("Squeeze", [attended, _secondAxis])
            : _graph.Node("Gather", [_graph.Node("Reshape", [attended, _flat]), _back], null, ("axis", 0));
    }

    public override string First(string hidden) => _graph.Node("Gather", [hidden, _starts], null, ("axis", 0));

    public override string Rows(string first) => first;

    public override string Mean(string hidden)
    {
        var weights = _graph.Node("Unsqueeze", [_graph.Node("Cast", [_isToken], null, ("to", ElementType.Float)), _secondAxis]);
        var sum = _graph.Node("Squeeze", [_graph.Node("MatMul", [weights, Spread(hidden)]), _secondAxis]);
        var count = _graph.Node("Unsqueeze", [_graph.Node("Cast", [_lengths], null, ("to", ElementType.Float)), _secondAxis]);
        return _graph.Node("Div", [sum, count]);
    }

    /// <summary>[tokens, hidden] to [batch, longest row, hidden].</summary>
    private string Spread(string values) => _graph.Node("Gather", [values, _places], null, ("axis", 0));
}
