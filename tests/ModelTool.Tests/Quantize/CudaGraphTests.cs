using Microsoft.ML.OnnxRuntime;
using ModelTool.Graph;
using ModelTool.Tests.Support;
using StreamScorer.Shared.Bundle;

namespace ModelTool.Tests.Quantize;

/// <summary>The fp16 graph for CUDA, as far as a machine without a GPU can tell: the CPU provider computes it in fp32 between the casts that it adds.</summary>
public sealed class CudaGraphTests : IDisposable
{
    private const string PackedAttention = "PackedMultiHeadAttention";

    private readonly TestFolder _folder = new();

    private string Bundle => _folder.PathOf("bundle");

    private string Graph => Path.Combine(Bundle, "model.fp16.onnx");

    [Theory]
    [InlineData("packed")]
    [InlineData("padded")]
    public void Quantize_ShouldWriteAnFp16GraphBesideTheOther_OfTheSameValues(string layout)
    {
        Quantize("--heads", Repository.TinyBert("heads.json"), "--gpu", "fp16", "--layout", layout);

        var variants = ModelBundle.Open(Bundle).Manifest.Variants;
        Assert.Equal((GraphPrecision.Int8, GraphPrecision.Fp16), (variants["cpu"].Precision, variants["cuda"].Precision));
        Assert.Equal("model.fp16.onnx", variants["cuda"].Graph);
        Assert.InRange(new FileInfo(Graph).Length, 0, (8_000 + 512 + 2 + 1_000) * 32 * 2); // two bytes a weight
        GraphRun.AssertParity(Graph, GoldenRow.TinyBert("forward.jsonl"), 0.01f);
    }

    [Theory]
    [InlineData("packed")]
    [InlineData("padded")]
    public void Quantize_ShouldStayNearTheReferenceModel_InFp16(string layout)
    {
        Assert.Equal(0, Tool.Run("quantize", Repository.Reference("model"), "--out", Bundle, "--gpu", "fp16", "--layout", layout).ExitCode);

        GraphRun.AssertParity(Graph, [.. GoldenRow.Moderation().Where((_, i) => i % 5 == 0).OrderBy(row => row.Ids.Length)], 0.02f, batch: 32);
    }

    [Fact]
    public void Quantize_ShouldGivePackedAttentionWhatItsSchemaAsksFor()
    {
        Quantize("--heads", Repository.TinyBert("heads.json"), "--gpu", "fp16", "--gpu-attention", "packed");

        var graph = ModelProto.Parser.ParseFrom(File.ReadAllBytes(Graph)).Graph;
        var nodes = graph.Node.Where(node => node.OpType == PackedAttention).ToList();
        Assert.Equal(2, nodes.Count); // one a layer
        Assert.All(nodes, node =>
        {
            Assert.Equal(("com.microsoft", 6), (node.Domain, node.Input.Count)); // query, key, value, bias, token_offset, cumulative_sequence_length
            Assert.Equal(("num_heads", 4L), (node.Attribute.Single().Name, node.Attribute.Single().I));
            Assert.Equal("bounds", node.Input[5]);
            Assert.Equal((10, 3 * 32L), Constant(graph, node.Input[3])); // fp16, of queries, keys and values
        });
        Assert.Single(nodes.Select(node => node.Input[4]).Distinct());
    }

    /// <summary>The runtime checks operators, types and shapes of the whole graph before it looks for kernels; the one it lacks is the only thing to complain of.</summary>
    [Fact]
    public void Quantize_ShouldMakeAGraphThatLacksNothingButPackedAttention()
    {
        Quantize("--head", "hate=softmax:not_hate,hate", "--gpu", "fp16", "--gpu-attention", "packed");
        var model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(Graph));

        Assert.Contains($"NotImplemented] Failed to find kernel for com.microsoft.{PackedAttention}", Fault(model), StringComparison.Ordinal);
        var attention = model.Graph.Node.First(node => node.OpType == PackedAttention);
        attention.Input[4] = attention.Input[0]; // offsets of a wrong type
        Assert.DoesNotContain("NotImplemented", Fault(model), StringComparison.Ordinal);
    }

    /// <summary>Rows of two, four and one token: places of tokens first, in order, then of padding, as the operator RemovePadding gives them.</summary>
    [Fact]
    public void Offsets_ShouldNameThePlacesOfTokens_ThenOfPadding()
    {
        var graph = new GraphBuilder("offsets");
        var layout = new CudaLayout(graph, new BertConfig(new EncoderManifest(1, 8, 2, 8, 10, 16), 2, 1e-12f), CudaAttention.Packed);
        graph.Add("Identity", [layout.Offsets()], ["offsets"]);
        graph.Output("offsets", ElementType.Int32, "batch", "longest");
        graph.Save(_folder.PathOf("offsets.onnx"));
        using var session = new InferenceSession(_folder.PathOf("offsets.onnx"));
        using var run = new RunOptions();
        using var tokens = OrtValue.CreateTensorValueFromMemory(new int[7], [7]);
        using var bounds = OrtValue.CreateTensorValueFromMemory((int[])[0, 2, 6, 7], [4]);

        using var results = session.Run(run, ["ids", "positions", "segments", "bounds"], [tokens, tokens, tokens, bounds], ["offsets"]);

        Assert.Equal([3, 4], results[0].GetTensorTypeAndShape().Shape);
        Assert.Equal([0, 1, 4, 5, 6, 7, 8, 2, 3, 9, 10, 11], results[0].GetTensorDataAsSpan<int>().ToArray());
    }

    [Fact]
    public void Constant_ShouldRefuse_WhenAWeightIsBeyondFp16()
    {
        var products = new HalfProducts(new GraphBuilder("half"), new BertConfig(new EncoderManifest(1, 8, 2, 8, 10, 16), 2, 1e-12f));

        Assert.Contains("A weight of 'w' is 70000, and fp16 ends at 65500", Assert.Throws<ToolException>(() => products.Constant("w", [1, 70_000], 2)).Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private void Quantize(params string[] arguments)
    {
        var (code, _, error) = Tool.Run(["quantize", Repository.TinyBert("model.safetensors"), "--out", Bundle, .. arguments]);
        Assert.Equal((0, ""), (code, error));
    }

    private static (int Type, long Size) Constant(GraphProto graph, string name)
    {
        var tensor = graph.Initializer.Single(initializer => initializer.Name == name);
        return (tensor.DataType, tensor.Dims.Single());
    }

    private static string Fault(ModelProto model)
    {
        using var stream = new MemoryStream();
        Google.Protobuf.MessageExtensions.WriteTo(model, stream);
        using var settings = new SessionOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
        return Assert.Throws<OnnxRuntimeException>(() => new InferenceSession(stream.ToArray(), settings)).Message;
    }
}
