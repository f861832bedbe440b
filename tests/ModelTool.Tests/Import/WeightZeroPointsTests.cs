using ModelTool.Graph;
using ModelTool.Import;
using ModelTool.Tests.Support;

namespace ModelTool.Tests.Import;

public sealed class WeightZeroPointsTests : IDisposable
{
    private readonly TestFolder _folder = new();

    [Theory]
    [InlineData("MatMulInteger", true, "a", "b", "a.zero", "b.zero")]
    [InlineData("MatMulInteger", false, "a", "b", "a.zero")]
    [InlineData("MatMulInteger", false, "a", "b", "a.zero", "")]
    [InlineData("MatMulIntegerToFloat", true, "a", "b", "a.scale", "b.scale", "a.zero", "b.zero")]
    [InlineData("MatMulIntegerToFloat", false, "a", "b", "a.scale", "b.scale", "a.zero")]
    [InlineData("DynamicQuantizeMatMul", false, "a", "b", "b.scale")]
    [InlineData("DynamicQuantizeLSTM", false, "x", "w", "r", "", "", "", "", "", "w.scale", "w.zero", "r.scale")]
    [InlineData("Add", true, "a", "b")]
    public void AllOwn_ShouldWantOneForEveryProduct(string opType, bool expected, params string[] inputs)
    {
        var model = new ModelProto { Graph = new GraphProto() };
        model.Graph.Node.Add(new NodeProto { OpType = opType, Input = { inputs } });

        Assert.Equal(expected, WeightZeroPoints.AllOwn(model));
    }

    [Theory]
    [InlineData("b2", "b2.zero", true)]
    [InlineData("b", "b2.zero", false)]
    [InlineData("b2", "b.zero", false)]
    public void AllOwn_ShouldWantEachOneOnce(string weights, string zero, bool expected)
    {
        var model = new ModelProto { Graph = new GraphProto() };
        model.Graph.Node.Add(new NodeProto { OpType = "MatMulInteger", Input = { "a", "b", "a.zero", "b.zero" } });
        model.Graph.Node.Add(new NodeProto { OpType = "MatMulInteger", Input = { "a", weights, "a.zero", zero } });

        Assert.Equal(expected, WeightZeroPoints.AllOwn(model));
    }

    [Fact]
    public void AllOwn_ShouldNotVouchForAGraphInsideANode()
    {
        var model = new ModelProto { Graph = new GraphProto() };
        model.Graph.Node.Add(new NodeProto { OpType = "If", Attribute = { new AttributeProto { Name = "then_branch", Type = AttributeProto.Types.AttributeType.Graph } } });

        Assert.False(WeightZeroPoints.AllOwn(model));
    }

    [Theory]
    [InlineData("")]
    [InlineData("not a graph")]
    public void AllOwn_ShouldBeFalse_WhenTheFileIsNoGraph(string content) =>
        Assert.False(WeightZeroPoints.AllOwn(new FileInfo(_folder.Write("model.onnx", content))));

    /// <summary>What ONNX Runtime's own quantizer writes, and a graph by hand whose products have none.</summary>
    [Theory]
    [InlineData("model.int8-dynamic.onnx", true)]
    [InlineData("model.int8.onnx", false)]
    public void AllOwn_ShouldSayWhatTheReferenceExportsHave(string name, bool expected) =>
        Assert.Equal(expected, WeightZeroPoints.AllOwn(new FileInfo(Repository.Reference("model", name))));

    public void Dispose() => _folder.Dispose();
}
