using Microsoft.ML.OnnxRuntime;
using ModelTool.Graph;
using ModelTool.Tests.Support;

namespace ModelTool.Tests.Graph;

public sealed class GraphBuilderTests : IDisposable
{
    private readonly TestFolder _folder = new();

    [Fact]
    public void Save_ShouldWriteAGraphThatRuns()
    {
        var path = _folder.PathOf("graph.onnx");

        Assert.Equal(["graph.onnx"], Sample().Save(path));

        AssertRuns(path);
        Assert.Equal(["graph.onnx"], Files());
    }

    [Fact]
    public void Save_ShouldPutTheWeightsBeside_WhenTheyAreTooLargeForTheGraph()
    {
        var path = _folder.PathOf("graph.onnx");

        Assert.Equal(["graph.onnx", "graph.onnx.data"], Sample().Save(path, largestInside: 10));

        AssertRuns(path);
        Assert.Equal(["graph.onnx", "graph.onnx.data"], Files());
        Assert.Equal(24 + 12 + 2 + 16, new FileInfo(_folder.PathOf("graph.onnx.data")).Length);
    }

    [Fact]
    public void Save_ShouldLeaveNothing_WhenTheFileCannotBePut()
    {
        var path = _folder.PathOf("graph.onnx");
        Directory.CreateDirectory(path);

        Assert.ThrowsAny<Exception>(() => Sample().Save(path));

        Assert.Empty(Files());
    }

    [Fact]
    public void Scope_ShouldPrefixNames_AndNest()
    {
        var graph = new GraphBuilder("names");
        var x = graph.Input("x", ElementType.Float, "n");
        using (graph.Scope("layer.0"))
        {
            using (graph.Scope("ffn"))
            {
                Assert.Equal("layer.0/ffn/Neg", graph.Node("Neg", [x]));
                Assert.Equal("layer.0/ffn/Neg_1", graph.Node("Neg", [x]));
            }

            Assert.Equal("layer.0/w", graph.Initializer("w", [1f], 1));
        }

        Assert.Equal("Neg", graph.Node("Neg", [x]));
        Assert.Equal(["TopK", "TopK.1"], graph.Nodes("TopK", [x, x], 2));
    }

    [Fact]
    public void Add_ShouldRefuse_WhenNothingGivesAnInput() =>
        Assert.Contains("reads 'nowhere'", Assert.Throws<ArgumentException>(() => new GraphBuilder("g").Node("Neg", ["nowhere"])).Message, StringComparison.Ordinal);

    [Fact]
    public void Initializer_ShouldRefuse_WhenTheNameIsTakenOrTheShapeDoesNotFit()
    {
        var graph = new GraphBuilder("g");
        graph.Initializer("w", [1f], 1);

        Assert.Contains("'w' is taken", Assert.Throws<ArgumentException>(() => graph.Initializer("w", [1f], 1)).Message, StringComparison.Ordinal);
        Assert.Contains("3 elements and shape [2, 2]", Assert.Throws<ArgumentException>(() => graph.Initializer("v", [1f, 2f, 3f], 2, 2)).Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>biased = x w + b, with a fused operator; halves = half-precision 0.5 as float; picked = columns 2 and 0 of biased.</summary>
    private static GraphBuilder Sample()
    {
        var graph = new GraphBuilder("sample");
        var x = graph.Input("x", ElementType.Float, "rows", 2);
        var w = graph.Initializer("w", [1f, 2f, 3f, 4f, 5f, 6f], 2, 3);
        var b = graph.Initializer("b", [0.5f, -0.5f, 0f], 3);
        var half = graph.Initializer("half", [(Half)0.5], 1);
        var columns = graph.Initializer("columns", [2L, 0L], 2);
        var product = graph.Node("FusedMatMul", [x, w], GraphBuilder.Microsoft, ("alpha", 1f), ("transA", 0));
        graph.Add("Add", [product, b], ["biased"]);
        graph.Add("Gather", ["biased", columns], ["picked"], null, ("axis", 1L));
        graph.Add("Cast", [half], ["halves"], null, ("to", ElementType.Float));
        graph.Output("biased", ElementType.Float, "rows", 3L);
        graph.Output("picked", ElementType.Float, "rows", 2);
        graph.Output("halves", ElementType.Float, 1);
        return graph;
    }

    private static void AssertRuns(string path)
    {
        using var session = new InferenceSession(path);
        using var x = OrtValue.CreateTensorValueFromMemory([1f, 1f, 2f, 0f], [2, 2]);
        using var run = new RunOptions();

        using var results = session.Run(run, ["x"], [x], ["biased", "picked", "halves"]);

        Assert.Equal([5.5f, 6.5f, 9f, 2.5f, 3.5f, 6f], results[0].GetTensorDataAsSpan<float>().ToArray());
        Assert.Equal([9f, 5.5f, 6f, 2.5f], results[1].GetTensorDataAsSpan<float>().ToArray());
        Assert.Equal([0.5f], results[2].GetTensorDataAsSpan<float>().ToArray());
        Assert.Equal(["rows", ""], session.InputMetadata["x"].SymbolicDimensions);
    }

    private string[] Files() => [.. Directory.GetFiles(_folder.Path).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)];
}
