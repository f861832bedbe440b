using Google.Protobuf;
using ModelTool.Graph;

namespace ModelTool.Import;

/// <summary>
/// Whether ONNX Runtime may turn a graph's int8 weights into uint8 (<c>session.x64quantprecision</c>). It replaces them and their zero points by tensors with
/// "_s8_2_u8" after their names: 1.29 ends the process where there is no zero point, and refuses the graph where two products share one or the weights.
/// Operators and inputs: its <c>avx2_weight_s8_to_u8.cc</c>.
/// </summary>
internal static class WeightZeroPoints
{
    // Weights, then their zero point.
    private static readonly Dictionary<string, int[]> Replaced = new(StringComparer.Ordinal)
    {
        ["QAttention"] = [1, 7],
        ["MatMulIntegerToFloat"] = [1, 5],
        ["DynamicQuantizeMatMul"] = [1, 3],
        ["QGemm"] = [3, 5],
        ["MatMulInteger"] = [1, 3],
        ["QLinearMatMul"] = [3, 5],
        ["QLinearConv"] = [3, 5],
        ["DequantizeLinear"] = [0, 2],
        ["DynamicQuantizeLSTM"] = [1, 9, 2, 11],
    };

    /// <summary>False for a file that is no ONNX graph, too: whoever opens it says so. False where a node holds a graph of its own, which is not looked into.</summary>
    public static bool AllOwn(FileInfo graph)
    {
        try
        {
            using var stream = graph.OpenRead();
            return AllOwn(ModelProto.Parser.ParseFrom(stream));
        }
        catch (InvalidProtocolBufferException)
        {
            return false;
        }
    }

    internal static bool AllOwn(ModelProto model)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        return model.Graph is { } graph && graph.Node.All(node =>
            node.Attribute.All(attribute => attribute.Type != AttributeProto.Types.AttributeType.Graph)
            && (!Replaced.TryGetValue(node.OpType, out var inputs)
                || inputs.All(input => input < node.Input.Count && node.Input[input].Length > 0 && names.Add(node.Input[input]))));
    }
}
