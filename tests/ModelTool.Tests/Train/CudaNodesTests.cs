using ModelTool.Graph;
using ModelTool.Tests.Support;
using ModelTool.Train;
using StreamScorer.Shared.Bundle;

namespace ModelTool.Tests.Train;

/// <summary>What can be known of training graphs on CUDA without a GPU.</summary>
public sealed class CudaNodesTests
{
    // Operators that the CUDA provider of ONNX Runtime 1.29 has kernels for, in opset 21 and with the types used here: docs/OperatorKernels.md in its repository lists them, and
    // the provider itself took every node of these graphs when it was loaded over stand-ins for the CUDA libraries (session.disable_cpu_ep_fallback, docs/decisions.md).
    private static readonly HashSet<string> OnCuda =
    [
        "Add", "Concat", "Div", "Erf", "Exp", "Gather", "Gelu", "Gemm", "LogSoftmax", "Min", "Mul", "Neg", "OneHot", "Pad", "Reciprocal", "ReduceMean", "ReduceSum",
        "ReduceSumSquare", "Reshape", "ScatterND", "Sigmoid", "Softmax", "Softplus", "Split", "Sqrt", "Squeeze", "Sub", "Tanh", "Transpose", "com.microsoft.FusedMatMul",
    ];

    // Computed once, when the session opens, and never again.
    private const string Constant = "ConstantOfShape";

    private static readonly HeadSpec[] Heads = [.. TinyBert.Heads.Values.Where(head => head.Kind != HeadKind.Embedding)];

    public static TheoryData<bool, bool> Graphs => new() { { true, true }, { true, false }, { false, true }, { false, false } };

    [Theory]
    [MemberData(nameof(Graphs))]
    public void Emit_ShouldUseOnlyNodesThatCudaHasKernelsFor(bool trains, bool perToken)
    {
        HeadSpec[] heads = perToken ? Heads : [.. Heads.Where(head => !head.NeedsTokens)];
        var graph = ModelProto.Parser.ParseFrom(TrainGraphEmitter.Emit(TinyBert.Config, heads, new TrainGraphOptions
        {
            Trained = trains ? ParameterShape.Of(TinyBert.Config, heads).Select(shape => shape.Name).ToHashSet() : [],
            Dropout = trains,
            Update = trains ? new UpdateOptions(new AdamWOptions(), 1, Averages: true) : null,
        }).Model).Graph;
        var constants = graph.Initializer.Select(tensor => tensor.Name).ToHashSet();

        Assert.All(graph.Node, node => Assert.True(
            OnCuda.Contains(node.Domain.Length > 0 ? $"{node.Domain}.{node.OpType}" : node.OpType) || (node.OpType == Constant && node.Input.All(constants.Contains)),
            $"{node.OpType} ({node.Name})"));
        Assert.NotEmpty(graph.Node);
    }
}
