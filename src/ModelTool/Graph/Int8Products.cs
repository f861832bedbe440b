namespace ModelTool.Graph;

/// <summary>
/// int8 weights with one scale a column (word embeddings: a row), uint8 activations with one scale a token. No scale is shared between tokens, so that a
/// post's scores do not depend on its neighbours in the batch. uint8 because ONNX Runtime's kernels multiply int8 by int8 far more slowly. Each weight
/// has a zero point, though it is 0, so that ONNX Runtime can make it uint8 where uint8 by int8 saturates (<see cref="StreamScorer.Shared.Bundle.VariantManifest.WeightZeroPoints"/>).
/// </summary>
internal sealed class Int8Products : Products
{
    // Values from GELU lie between -0.17 and a largest one: what a negative half would take, they have for a finer step.
    private const float GeluMinimum = 0.17f;
    private const byte GeluZero = 24;

    private readonly GraphBuilder _graph;
    private readonly BertConfig _config;
    private readonly TokenLayout _layout;
    private readonly Dictionary<string, (string Scales, string Zero)> _weights = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Quantized> _quantized = new(StringComparer.Ordinal);
    private readonly Dictionary<(Range, bool), string> _zeroPoints = [];
    private readonly Range _signed;
    private readonly Range _fromGelu;
    private readonly string _axis;
    private readonly string _rows;
    private readonly string _one;

    public Int8Products(GraphBuilder graph, BertConfig config, TokenLayout layout)
    {
        _graph = graph;
        _config = config;
        _layout = layout;
        using var scope = graph.Scope("int8");
        _axis = graph.Initializer("axis", [-1L], 1);
        _rows = graph.Initializer("rows", [-1L], 1);
        _one = graph.Initializer("one", [1f]);
        // The least scale keeps a token of zeros from a division by zero, and GELU's minimum inside the range.
        _signed = new Range(graph.Initializer("zero", [(byte)128]), graph.Initializer("step", [1f / Int8.Largest]), graph.Initializer("least", [1e-12f]));
        _fromGelu = new Range(
            graph.Initializer("gelu.zero", [GeluZero]),
            graph.Initializer("gelu.step", [1f / (byte.MaxValue - GeluZero)]),
            graph.Initializer("gelu.least", [GeluMinimum / GeluZero]));
    }

    public override string Weight(string part, float[] matrix, int inputs, int outputs)
    {
        var (values, scales) = Int8.Columns(matrix, outputs);
        var name = _graph.Initializer($"{part}.weight", values, inputs, outputs);
        _weights[name] = (_graph.Initializer($"{part}.weight.scale", scales, outputs), _graph.Initializer($"{part}.weight.zero", new sbyte[1]));
        return name;
    }

    public override string Multiply(Activations values, string weight)
    {
        // Queries, keys and values are made from the same rows.
        if (!_quantized.TryGetValue(values.Name, out var rows))
        {
            _quantized[values.Name] = rows = Quantize(values);
        }

        var (scales, zero) = _weights[weight];
        var product = _graph.Node("MatMulIntegerToFloat", [rows.Values, weight, _one, scales, rows.Zero, zero], GraphBuilder.Microsoft);
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

    public override string Constant(string name, float[] data, params long[] shape) => _graph.Initializer(name, data, shape);

    public override string Gelu(string product, float[] bias) => FloatProducts.AddThenGelu(_graph, product, bias);

    private Quantized Quantize(Activations values)
    {
        var range = values.FromGelu ? _fromGelu : _signed;
        var largest = _graph.Node("ReduceMax", [values.FromGelu ? values.Name : _graph.Node("Abs", [values.Name]), _axis]);
        var scale = _graph.Node("Max", [_graph.Node("Mul", [largest, range.Step]), range.Least]);

        // A scale an axis divides as it quantizes; a division of its own would read and write all values once more.
        var quantized = _graph.Node(
            "QuantizeLinear", [values.Name, _graph.Node("Reshape", [scale, _rows]), ZeroPoints(range, values.OnlyFirst)], null, ("axis", 0));
        return new Quantized(quantized, scale, range.Zero);
    }

    // As many as there are scales, which the operator insists on.
    private string ZeroPoints(Range range, bool onlyFirst)
    {
        if (!_zeroPoints.TryGetValue((range, onlyFirst), out var zeros))
        {
            _zeroPoints[(range, onlyFirst)] = zeros = _graph.Node("Expand", [range.Zero, _layout.Count(onlyFirst)]);
        }

        return zeros;
    }

    /// <summary>Names of constants: the zero point; what a scale is of the largest value; the least scale.</summary>
    private sealed record Range(string Zero, string Step, string Least);

    /// <param name="Values">uint8.</param>
    /// <param name="Scale">[rows, 1].</param>
    /// <param name="Zero">The zero point.</param>
    private sealed record Quantized(string Values, string Scale, string Zero);
}
