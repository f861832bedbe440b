using ModelTool.Graph;

namespace ModelTool.Train;

/// <summary>
/// Emits a graph forwards while it notes, operator by operator, how the gradient goes back; <see cref="Backward"/> then emits those nodes in
/// reverse order. What leads to no tensor that somebody asked the gradient of is not emitted: freezing costs nothing, and saves the arithmetic.
/// </summary>
internal sealed class Tape(GraphBuilder graph)
{
    private readonly Dictionary<string, string> _gradients = [];
    private readonly HashSet<string> _tracked = [];
    private readonly Stack<(string Output, Action<string> Emit)> _records = [];
    private readonly Dictionary<string, string> _constants = [];

    public GraphBuilder Graph => graph;

    /// <summary>Asks for the gradient of a graph input.</summary>
    public string Track(string tensor)
    {
        _tracked.Add(tensor);
        return tensor;
    }

    /// <summary>Whether the gradient of a tensor is asked for, or leads to one that is.</summary>
    public bool Tracks(string tensor) => _tracked.Contains(tensor);

    /// <summary>Notes how the gradient of an operator's output becomes that of its inputs.</summary>
    /// <param name="emit">Gets the name of the output's gradient; passes on with <see cref="Pass"/> for those inputs that are tracked.</param>
    public string Record(string output, IEnumerable<string> inputs, Action<string> emit)
    {
        if (inputs.Any(Tracks))
        {
            _tracked.Add(output);
            _records.Push((output, emit));
        }

        return output;
    }

    /// <summary>Adds to a tensor's gradient.</summary>
    public void Pass(string tensor, string gradient) =>
        _gradients[tensor] = _gradients.TryGetValue(tensor, out var sum) ? Node("Add", sum, gradient) : gradient;

    /// <summary>Adds a matrix product to a tensor's gradient; what is there already goes in as the product's third operand.</summary>
    /// <param name="product">Emits the product plus its argument; null stands for nothing to add.</param>
    public void PassProduct(string tensor, Func<string?, string> product) =>
        _gradients[tensor] = product(_gradients.GetValueOrDefault(tensor));

    /// <summary>Emits all gradients that follow from those given to <see cref="Pass"/> so far.</summary>
    public void Backward()
    {
        while (_records.TryPop(out var record))
        {
            if (_gradients.Remove(record.Output, out var gradient))
            {
                record.Emit(gradient);
            }
        }
    }

    /// <summary>Name of a tracked input's gradient; null where nothing reached it.</summary>
    public string? GradientOf(string tensor) => _gradients.GetValueOrDefault(tensor);

    public string Node(string operation, params string[] inputs) => graph.Node(operation, inputs);

    public string Node(string operation, string[] inputs, params (string, object)[] attributes) =>
        graph.Node(operation, inputs, null, attributes);

    /// <summary>A matrix product of batches, op(a) op(b) times <paramref name="alpha"/>.</summary>
    public string Product(string a, string b, float alpha = 1, bool transposeA = false, bool transposeB = false) => graph.Node(
        "FusedMatMul",
        [a, b],
        "com.microsoft",
        ("alpha", alpha),
        ("transA", transposeA ? 1L : 0L),
        ("transB", transposeB ? 1L : 0L));

    /// <summary>Sum over one axis, which is dropped unless <paramref name="keep"/>.</summary>
    public string Sum(string tensor, int axis, bool keep = false) =>
        Node("ReduceSum", [tensor, Shape(axis)], ("keepdims", keep ? 1L : 0L));

    /// <summary>Mean over one axis, which stays with length 1.</summary>
    public string Mean(string tensor, int axis) => Node("ReduceMean", [tensor, Shape(axis)], ("keepdims", 1L));

    public string Reshape(string tensor, params long[] shape) => Node("Reshape", tensor, Shape(shape));

    /// <summary>A scalar constant; one node an equal value.</summary>
    public string Scalar(float value)
    {
        var key = $"{value:R}f";
        return _constants.TryGetValue(key, out var name)
            ? name
            : _constants[key] = graph.Initializer($"scalar.{_constants.Count}", new ReadOnlySpan<float>(in value));
    }

    /// <summary>A constant vector of whole numbers, as shapes, axes and indices are.</summary>
    public string Shape(params long[] values)
    {
        var key = string.Join(',', values);
        return _constants.TryGetValue(key, out var name)
            ? name
            : _constants[key] = graph.Initializer($"shape.{_constants.Count}", (ReadOnlySpan<long>)values, values.Length);
    }
}
