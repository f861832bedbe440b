namespace ModelTool.Graph;

/// <summary>
/// int8 weights with one scale a column (word embeddings: a row), uint8 activations with zero point 128 and one scale a token. No scale is shared between
/// tokens, so that a post's scores do not depend on its neighbours in the batch. uint8 because ONNX Runtime's kernels multiply int8 by int8 far more slowly.
/// </summary>
internal sealed class Int8Products : Products
{
    private readonly GraphBuilder _graph;
    private readonly BertConfig _config;
    private readonly Dictionary<string, string> _columnScales = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (string Values, string Scale)> _quantized = new(StringComparer.Ordinal);
    private readonly string _axis;
    private readonly string _least;
    private readonly string _largest;
    private readonly string _one;
    private readonly string _zeroPoint;

    public Int8Products(GraphBuilder graph, BertConfig config)
    {
        _graph = graph;
        _config = config;
        using var scope = graph.Scope("int8");
        _axis = graph.Initializer("axis", [-1L], 1);
        // Keeps a token of zeros from a division by zero.
        _least = graph.Initializer("least", [1e-12f]);
        _largest = graph.Initializer("largest", [Int8.Largest]);
        _one = graph.Initializer("one", [1f]);
        _zeroPoint = graph.Initializer("zero.point", [(byte)128]);
    }

    public override string Weight(string part, float[] matrix, int inputs, int outputs)
    {
        var (values, scales) = Int8.Columns(matrix, outputs);
        var name = _graph.Initializer($"{part}.weight", values, inputs, outputs);
        _columnScales[name] = _graph.Initializer($"{part}.weight.scale", scales, outputs);
        return name;
    }

    public override string Multiply(string values, string weight)
    {
        // Queries, keys and values are made from the same rows.
        if (!_quantized.TryGetValue(values, out var rows))
        {
            _quantized[values] = rows = Quantize(values);
        }

        var product = _graph.Node("MatMulIntegerToFloat", [rows.Values, weight, _one, _columnScales[weight], _zeroPoint], GraphBuilder.Microsoft);
        return _graph.Node("Mul", [product, rows.Scale]);
    }

    public override string Embed(TokenLayout layout, EmbeddingWeights weights)
    {
        var (values, scales) = Int8.Rows(weights.Words, _config.Hidden);
        var table = _graph.Initializer("words", values, scales.Length, _config.Hidden);
        var rows = _graph.Node("Cast", [_graph.Node("Gather", [table, layout.Ids])], null, ("to", ElementType.Float));
        var words = _graph.Node("Mul", [rows, _graph.Node("Gather", [_graph.Initializer("words.scale", scales, scales.Length, 1), layout.Ids])]);
        return _graph.Node(
            "SkipLayerNormalization",
            [words, layout.Places(weights.Positions, weights.Segments), weights.Scale, weights.Shift],
            GraphBuilder.Microsoft,
            ("epsilon", _config.Epsilon));
    }

    private (string Values, string Scale) Quantize(string values)
    {
        var largest = _graph.Node("ReduceMax", [_graph.Node("Abs", [values]), _axis]);
        var scale = _graph.Node("Div", [_graph.Node("Max", [largest, _least]), _largest]);
        return (_graph.Node("QuantizeLinear", [_graph.Node("Div", [values, scale]), _one, _zeroPoint]), scale);
    }
}
