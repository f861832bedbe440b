using ModelTool.Graph;

namespace ModelTool.Train;

/// <content>
/// The update of the weights as nodes: what <see cref="Optimizer"/>, <see cref="AdamW"/> and <see cref="EmbeddingGradients"/> do beside a graph, in the same order of operations.
/// </content>
internal sealed partial class TrainGraphEmitter
{
    private readonly List<ParameterGroup> _groups = [];

    /// <summary>Weights that a step changes come as pieces of a few tensors.</summary>
    private void DeclareGroups()
    {
        _groups.AddRange(ParameterGroup.Of(_parameters.Values.Where(InGroup), _config.Hidden));
        foreach (var group in _groups)
        {
            var all = Input(group, StateKind.Value);
            var rows = _tape.Shape([.. group.Parameters.Select(group.Rows)]);
            foreach (var (piece, parameter) in _graph.Nodes("Split", [all, rows], group.Parameters.Count, null, ("axis", 0L)).Zip(group.Parameters))
            {
                _graph.Add("Reshape", [piece, _tape.Shape(parameter.Shape)], [parameter.Name]);
            }
        }
    }

    private string Input(ParameterGroup group, StateKind kind) => _graph.Input(group.Before(kind), ElementType.Float, [.. group.Shape.Cast<object>()]);

    private void EmitUpdate(UpdateOptions update)
    {
        var factors = _graph.Nodes("Split", [_graph.Input(TrainGraph.Factors, ElementType.Float, 4L), _tape.Shape(1, 1, 1, 1)], 4, null, ("axis", 0L));
        var gradients = _groups.Select(Gradient).ToList();
        var squares = gradients.Select(gradient => _tape.Node("ReduceSumSquare", [gradient], ("keepdims", 0L))).Aggregate((sum, more) => _tape.Node("Add", sum, more));
        var norm = _graph.Add("Sqrt", [squares], [TrainGraph.Norm])[0];
        _graph.Output(norm, ElementType.Float);
        var clip = update.LargestNorm > 0
            ? _tape.Node("Min", _tape.Scalar(1), _tape.Node("Div", _tape.Scalar((float)update.LargestNorm), _tape.Node("Add", norm, _tape.Scalar(1e-6f))))
            : _tape.Scalar(1);
        foreach (var (group, gradient) in _groups.Zip(gradients))
        {
            Update(group, _tape.Node("Mul", gradient, clip), update, factors);
        }
    }

    private string Gradient(ParameterGroup group) =>
        _tape.Node("Concat", [.. group.Parameters.Select(parameter => _tape.Reshape(GradientOf(parameter), -1, group.Width))], ("axis", 0L));

    /// <summary>The formula is <see cref="AdamW"/>'s.</summary>
    /// <param name="factors">Keep, rate and inverse root of <see cref="AdamWFactors"/>, and the share of the new weights in their moving average.</param>
    private void Update(ParameterGroup group, string gradient, UpdateOptions update, string[] factors)
    {
        var (beta1, beta2) = (update.AdamW.Beta1, update.AdamW.Beta2);
        var weights = group.Before(StateKind.Value);
        var kept = group.Decays ? _tape.Node("Mul", weights, factors[0]) : weights;
        var first = After(StateKind.Moment1, "Add", Times(Input(group, StateKind.Moment1), beta1), Times(gradient, 1 - beta1));
        var second = After(StateKind.Moment2, "Add", Times(Input(group, StateKind.Moment2), beta2), Times(_tape.Node("Mul", gradient, gradient), 1 - beta2));
        var scale = _tape.Node("Add", _tape.Node("Mul", _tape.Node("Sqrt", second), factors[2]), _tape.Scalar((float)update.AdamW.Epsilon));
        var next = After(StateKind.Value, "Sub", kept, _tape.Node("Mul", _tape.Node("Div", first, scale), factors[1]));
        if (update.Averages)
        {
            var average = Input(group, StateKind.Average);
            After(StateKind.Average, "Add", average, _tape.Node("Mul", _tape.Node("Sub", next, average), factors[3]));
        }

        string Times(string tensor, double factor) => _tape.Node("Mul", tensor, _tape.Scalar((float)factor));

        string After(StateKind kind, string operation, params string[] inputs)
        {
            var name = _graph.Add(operation, inputs, [group.After(kind)])[0];
            _graph.Output(name, ElementType.Float, [.. group.Shape.Cast<object>()]);
            return name;
        }
    }

    private string GradientOf(ParameterShape parameter) => parameter.Name switch
    {
        ParameterShape.Words => Scatter(parameter, TrainGraph.Ids, EmbeddingGradient),
        ParameterShape.Positions => Scatter(parameter, TrainGraph.PositionIds, _tape.Sum(_tape.Node("Reshape", EmbeddingGradient, _sequence), 0)),
        ParameterShape.Segments => SegmentGradient(parameter),
        _ => Reached(parameter.Name),
    };

    private string EmbeddingGradient => Reached(_embeddings);

    private string Reached(string tensor) => _tape.GradientOf(tensor) ?? throw new InvalidOperationException($"No loss depends on '{tensor}', which is to be trained.");

    /// <summary>A whole table of which only the rows in use are not zero: the moments of the others decay as well, so that every row is touched anyway.</summary>
    private string Scatter(ParameterShape table, string rows, string gradients) => _tape.Node(
        "ScatterND",
        [_tape.Node("ConstantOfShape", _tape.Shape(table.Shape)), _tape.Reshape(rows, -1, 1), gradients],
        ("reduction", "add"));

    /// <summary>By a product, because nearly all tokens are in the same row: on a GPU they would wait for each other.</summary>
    private string SegmentGradient(ParameterShape table)
    {
        var isOn = _graph.Initializer("one-hot", (ReadOnlySpan<float>)[0, 1], 2);
        var segments = _tape.Node("OneHot", [_tape.Reshape(TrainGraph.SegmentIds, -1), _tape.Shape(table.Shape[0]), isOn], ("axis", -1L));
        return _tape.Node("Gemm", [segments, EmbeddingGradient], ("transA", 1L));
    }
}
