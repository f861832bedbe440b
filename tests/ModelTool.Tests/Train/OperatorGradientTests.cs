using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using ModelTool.Graph;
using ModelTool.Train;

namespace ModelTool.Tests.Train;

/// <summary>Every operator's gradient against central differences of its own forward pass.</summary>
public sealed class OperatorGradientTests
{
    private const float Step = 1e-2f;

    [Fact]
    public void Dense_ShouldGiveItsGradient_WhenDifferentiated() => Check(
        tape => tape.Dense("x", "w", "b"), [5, 3], ("x", [5, 4]), ("w", [3, 4]), ("b", [3]));

    [Fact]
    public void Dense_ShouldAddUpGradients_WhenTwoReadTheSameInput() => Check(
        tape => tape.Add(tape.Dense("x", "w", "b"), tape.Dense("x", "v", "b")), [5, 3], ("x", [5, 4]), ("w", [3, 4]), ("b", [3]), ("v", [3, 4]));

    [Fact]
    public void LayerNorm_ShouldGiveItsGradient_WhenDifferentiated() => Check(
        tape => tape.LayerNorm("x", "gamma", "beta", 1e-5f), [4, 6], ("x", [4, 6]), ("gamma", [6]), ("beta", [6]));

    [Fact]
    public void Gelu_ShouldGiveItsGradient_WhenDifferentiated() => Check(tape => tape.Gelu("x"), [40, 5], ("x", [40, 5]));

    [Fact]
    public void Tanh_ShouldGiveItsGradient_WhenDifferentiated() => Check(tape => tape.Tanh("x"), [7, 5], ("x", [7, 5]));

    [Fact]
    public void Dropout_ShouldGiveItsGradient_WhenMasked() => Check(
        tape => tape.Dropout(tape.Tanh("x"), Constant(tape, [0, 1.25f, 1.25f, 0, 1.25f], 5)), [3, 5], ("x", [3, 5]));

    [Fact]
    public void Attend_ShouldGiveItsGradient_WhenKeysArePaddedAndProbabilitiesDropped() => Check(
        tape => tape.Attend("q", "k", "v", Constant(tape, [0, 0, 0, -1e30f], 4), Constant(tape, [1.5f, 0, 1.5f, 1.5f], 4), 3),
        [2, 2, 5, 3],
        ("q", [2, 2, 5, 3]),
        ("k", [2, 2, 4, 3]),
        ("v", [2, 2, 4, 3]));

    [Fact]
    public void Heads_ShouldGiveTheirGradient_WhenSplitAndJoined() => Check(
        tape => tape.JoinHeads(
            tape.Tanh(tape.SplitHeads("x", tape.Shape(2, 5, 2, 3), 6)), tape.Shape(2, 5, 2, 3), 6), [10, 6], ("x", [10, 6]));

    [Fact]
    public void FirstTokens_ShouldGiveTheirGradient_WhenOthersAreReadAsWell() => Check(
        tape => tape.Dense(tape.FirstTokens(tape.Tanh("x"), tape.Shape(2, 5, 3), tape.Shape(0, 0, 0, 0, 4, 0), 3), "w", "b"),
        [2, 2],
        ("x", [10, 3]),
        ("w", [2, 3]),
        ("b", [2]));

    [Fact]
    public void CrossEntropy_ShouldGiveItsGradient_WhenLabelsAreMissingAndWeighted() => Check(
        tape => tape.CrossEntropy("z", Constant(tape, [0, 1, 0, 0, 0, 0, 2, 0, 0, 0.25f, 0.25f, 0.5f], 4, 3), tape.Scalar(0.4f)), [], ("z", [4, 3]));

    [Fact]
    public void CrossEntropy_ShouldGiveItsGradient_WhenOverTheTokensOfASpan() => Check(
        tape => tape.CrossEntropy(
            tape.Shift(tape.SpanRows("z", tape.Shape(2, 4, 2)), Constant(tape, [0, 0, 0, 0, 0, 0, 0, -1e30f], 2, 1, 4)),
            Constant(tape, [0, 1, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 1, 0], 2, 2, 4),
            tape.Scalar(0.25f)),
        [],
        ("z", [8, 2]));

    [Fact]
    public void BinaryCrossEntropy_ShouldGiveItsGradient_WhenLabelsAreMissing() => Check(
        tape => tape.BinaryCrossEntropy(
            "z", Constant(tape, [1, 0, 0.3f, 1, 1, 0], 3, 2), Constant(tape, [1, 1, 2, 0, 0, 1], 3, 2), tape.Scalar(0.2f)),
        [],
        ("z", [3, 2]));

    [Fact]
    public void Backward_ShouldEmitNothing_WhenNoInputIsTracked()
    {
        var graph = new GraphBuilder("frozen");
        foreach (var name in (string[])["x", "w", "b"])
        {
            graph.Input(name, ElementType.Float, 2L, 2L);
        }

        var tape = new Tape(graph);
        var y = tape.Gelu(tape.Dense("x", "w", "b"));
        var nodes = graph.Build().Graph.Node.Count;
        tape.Pass(y, "x");
        tape.Backward();

        Assert.Equal(nodes, graph.Build().Graph.Node.Count);
    }

    private static string Constant(Tape tape, float[] values, params long[] shape) => tape.Graph.Initializer($"constant.{values.Length}.{values.Sum()}", values, shape);

    /// <summary>Compares the gradient of Σ seed · y with what y does when each element of each input is moved.</summary>
    private static void Check(Func<Tape, string> emit, long[] shapeOfY, params (string Name, long[] Shape)[] inputs)
    {
        var graph = new GraphBuilder("operator");
        var tape = new Tape(graph);
        foreach (var (name, shape) in inputs)
        {
            tape.Track(graph.Input(name, ElementType.Float, [.. shape.Cast<object>()]));
        }

        graph.Input("seed", ElementType.Float, [.. shapeOfY.Cast<object>()]);
        var y = emit(tape);
        tape.Pass(y, "seed");
        tape.Backward();
        graph.Output(y, ElementType.Float, [.. shapeOfY.Cast<object>()]);
        var gradients = inputs.Select(input => tape.GradientOf(input.Name)!).ToList();
        for (var i = 0; i < inputs.Length; i++)
        {
            graph.Output(gradients[i], ElementType.Float, [.. inputs[i].Shape.Cast<object>()]);
        }

        using var session = new InferenceSession(graph.Build().ToByteArray());
        var random = new Random(5);
        float[] Draw(long[] shape) => [.. Enumerable.Range(0, (int)shape.Aggregate(1L, (a, b) => a * b)).Select(_ => (float)((random.NextDouble() * 3) - 1.5))];
        var values = inputs.Append((Name: "seed", Shape: shapeOfY)).Select(input => (input.Name, input.Shape, Data: Draw(input.Shape))).ToList();
        var seed = values[^1].Data;
        float[][] Run() => TestSession.Run(session, values, [y, .. gradients]);
        double Weighted() => Run()[0].Zip(seed, (value, weight) => (double)value * weight).Sum();

        var results = Run();
        Assert.Equal(seed.Length, results[0].Length);
        for (var input = 0; input < inputs.Length; input++)
        {
            var data = values[input].Data;
            var largest = Math.Max(1, results[input + 1].Max(Math.Abs));
            for (var i = 0; i < data.Length; i++)
            {
                var there = data[i];
                data[i] = there + Step;
                var up = Weighted();
                data[i] = there - Step;
                var down = Weighted();
                data[i] = there;
                var expected = (up - down) / (2 * Step);
                Assert.True(
                    Math.Abs(expected - results[input + 1][i]) <= 1e-3 * largest,
                    $"d{inputs[input].Name}[{i}] is {results[input + 1][i]}, and the differences say {expected}");
            }
        }
    }
}
