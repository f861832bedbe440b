namespace ModelTool.Graph;

/// <summary>
/// Token ids of all rows one after the other, without padding: inputs <c>ids</c>, <c>positions</c> and <c>segments</c> [tokens] and <c>bounds</c>
/// [batch + 1], where each row begins and the last one ends; all int32. Only attention sees padding: there queries, keys and values are gathered
/// to rows of equal length, and the result back.
/// </summary>
internal class PackedLayout : TokenLayout
{
    protected const string Bounds = "bounds";

    private const string TokenIds = "ids";
    private const string TokenPositions = "positions";
    private const string TokenSegments = "segments";

    private readonly string _starts;
    private readonly string _places;
    private readonly string _flat;
    private readonly string _heads;
    private string? _headPlaces;

    public PackedLayout(GraphBuilder graph, BertConfig config)
        : base(graph, config)
    {
        graph.Input(TokenIds, ElementType.Int32, "tokens");
        graph.Input(TokenPositions, ElementType.Int32, "tokens");
        graph.Input(TokenSegments, ElementType.Int32, "tokens");
        graph.Input(Bounds, ElementType.Int32, "batch_plus_1");
        using var scope = graph.Scope("rows");
        FirstAxis = graph.Initializer("axis.0", [0L], 1);
        SecondAxis = graph.Initializer("axis.1", [1L], 1);
        _flat = graph.Initializer("flat", [-1L, config.Hidden], 2);
        _heads = graph.Initializer("heads", [-1L, config.Hidden / config.Encoder.AttentionHeads], 2);
        var one = graph.Initializer("one", [1]);

        _starts = graph.Node("Slice", [Bounds, FirstAxis, graph.Initializer("but.last", [-1L], 1), FirstAxis]);
        var ends = graph.Node("Slice", [Bounds, SecondAxis, graph.Initializer("all", [long.MaxValue], 1), FirstAxis]);
        Lengths = graph.Node("Sub", [ends, _starts]);
        var longest = graph.Node("ReduceMax", [Lengths], null, ("keepdims", 0));
        var steps = graph.Node("Range", [graph.Initializer("zero", [0]), longest, one]);
        IsToken = graph.Node("Less", [steps, graph.Node("Unsqueeze", [Lengths, SecondAxis])]);

        // Where there is no token, the row's last one stands in; attention does not look at it.
        var last = graph.Node("Unsqueeze", [graph.Node("Sub", [ends, one]), SecondAxis]);
        _places = graph.Node("Min", [graph.Node("Add", [steps, graph.Node("Unsqueeze", [_starts, SecondAxis])]), last]);
        Line = graph.Initializer("line", [-1L], 1);
        Back = graph.Node("Squeeze", [graph.Node("NonZero", [graph.Node("Reshape", [IsToken, Line])]), FirstAxis]);
    }

    /// <summary>Names that no head may have.</summary>
    public static IReadOnlyList<string> InputNames { get; } = [TokenIds, TokenPositions, TokenSegments, Bounds];

    public override string Ids => TokenIds;

    protected override string Positions => TokenPositions;

    protected override string Segments => TokenSegments;

    protected override string Rows => _starts;

    /// <summary>Tokens of each row.</summary>
    protected string Lengths { get; }

    /// <summary>[batch, longest row]: whether there is a token.</summary>
    protected string IsToken { get; }

    /// <summary>[tokens]: where in [batch * longest row] each token is.</summary>
    protected string Back { get; }

    protected string Line { get; }

    protected string FirstAxis { get; }

    protected string SecondAxis { get; }

    public override string Attend(string queries, string keys, string values, string queryBias, bool onlyFirst) =>
        Attend(queries, ByHead(keys), ByHead(values), queryBias, onlyFirst, "MultiHeadAttention");

    public override string First(string hidden) => Graph.Node("Gather", [hidden, _starts], null, ("axis", 0));

    public override string Mean(string hidden)
    {
        var weights = Graph.Node("Unsqueeze", [Graph.Node("Cast", [IsToken], null, ("to", ElementType.Float)), SecondAxis]);
        var sum = Graph.Node("Squeeze", [Graph.Node("MatMul", [weights, Spread(hidden)]), SecondAxis]);
        var count = Graph.Node("Unsqueeze", [Graph.Node("Cast", [Lengths], null, ("to", ElementType.Float)), SecondAxis]);
        return Graph.Node("Div", [sum, count]);
    }

    public override void Output(string name, string values, int width)
    {
        Graph.Add("Identity", [values], [name]);
        Graph.Output(name, ElementType.Float, "tokens", width);
    }

    /// <summary>Queries [tokens, hidden], those of [CLS] alone [batch, hidden]; keys and values as the operator takes them.</summary>
    protected string Attend(string queries, string keys, string values, string queryBias, bool onlyFirst, string opType)
    {
        var asking = onlyFirst ? Graph.Node("Unsqueeze", [queries, SecondAxis]) : Spread(queries);
        var attended = Graph.Node(opType, [asking, keys, values, queryBias, Lengths], GraphBuilder.Microsoft, ("num_heads", Config.Encoder.AttentionHeads));
        return onlyFirst
            ? Graph.Node("Squeeze", [attended, SecondAxis])
            : Graph.Node("Gather", [Graph.Node("Reshape", [attended, _flat]), Back], null, ("axis", 0));
    }

    /// <summary>[tokens, hidden] to [batch, longest row, hidden].</summary>
    protected string Spread(string values) => Graph.Node("Gather", [values, _places], null, ("axis", 0));

    /// <summary>
    /// [tokens, hidden] to [batch, heads, longest row, head size], as attention computes. Gathered so at once, because the operator's own way there is a
    /// gather and a transposition, one after the other.
    /// </summary>
    private string ByHead(string values)
    {
        if (_headPlaces is null)
        {
            var heads = Config.Encoder.AttentionHeads;
            var first = Graph.Node("Mul", [Graph.Node("Unsqueeze", [_places, SecondAxis]), Graph.Initializer("head.count", [heads])]);
            _headPlaces = Graph.Node("Add", [first, Graph.Initializer("head.steps", [.. Enumerable.Range(0, heads)], 1, heads, 1)]);
        }

        return Graph.Node("Gather", [Graph.Node("Reshape", [values, _heads]), _headPlaces], null, ("axis", 0));
    }
}
