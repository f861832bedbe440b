using System.Runtime.InteropServices;

namespace Shared.Tests.Support;

/// <summary>
/// A graph whose logits can be told in the head: output i of a row = weight i times the mean of the row's ids, padding counted, so that
/// a wrong layout shows. Field numbers and types are those of onnx.proto.
/// </summary>
internal sealed record MeanGraph
{
    public const int Float = 1;
    public const int Int32 = 6;
    public const int Int64 = 7;
    public const int Bool = 9;
    public const int Float16 = 10;
    public const int Double = 11;

    public (string Name, int Type)[] Inputs { get; init; } = [("input_ids", Int64), ("attention_mask", Int64), ("token_type_ids", Int64)];

    public (string Name, float[] Weights)[] Outputs { get; init; } = [("score", [1f, -1f])];

    public int OutputType { get; init; } = Float;

    /// <summary>A fixed sequence length; null leaves it open.</summary>
    public int? Sequence { get; init; }

    /// <summary>Whether the outputs say how many labels they have. Else they are picked by a mask, which no reader of the graph sees through.</summary>
    public bool DeclareLabels { get; init; } = true;

    /// <summary>Asks on the way for (rows times longest row) to the 5th numbers: little for a few short rows, more than any machine has for many.</summary>
    public bool Greedy { get; init; }

    public byte[] Build() => new ProtoWriter()
        .Int(1, 8) // ir_version
        .Message(8, opset => opset.Text(1, "").Int(2, 17))
        .Message(7, Graph)
        .ToArray();

    private void Graph(ProtoWriter graph)
    {
        graph.Text(2, "mean");
        Node(graph, "Cast", [Inputs[0].Name], "floats", to => to.Text(1, "to").Int(3, Float).Int(20, 2));
        Node(graph, "ReduceMean", ["floats"], "mean", axes => axes.Text(1, "axes").Int(8, 1).Int(20, 7));
        if (Greedy)
        {
            Tensor(graph, "five", Int64, [1], MemoryMarshal.AsBytes<long>([5L]));
            Node(graph, "Shape", [Inputs[0].Name], "shape");
            Node(graph, "Pow", ["shape", "five"], "sizes");
            Node(graph, "ConstantOfShape", ["sizes"], "zeros");
            Node(graph, "ReduceSum", ["zeros"], "zero");
            Node(graph, "Add", ["mean", "zero"], "sum");
        }

        foreach (var (name, weights) in Outputs)
        {
            Node(graph, "MatMul", [Greedy ? "sum" : "mean", name + ".weight"], name + ".float");
            Node(graph, "Cast", [name + ".float"], DeclareLabels ? name : name + ".all", to => to.Text(1, "to").Int(3, OutputType).Int(20, 2));
            Tensor(graph, name + ".weight", Float, [1, weights.Length], MemoryMarshal.AsBytes<float>(weights));
            if (!DeclareLabels)
            {
                Node(graph, "Compress", [name + ".all", name + ".keep"], name, axis => axis.Text(1, "axis").Int(3, 1).Int(20, 2));
                Tensor(graph, name + ".keep", Bool, [weights.Length], Enumerable.Repeat((byte)1, weights.Length).ToArray());
            }
        }

        foreach (var (name, type) in Inputs)
        {
            Value(graph, 11, name, type, Sequence, "sequence");
        }

        foreach (var (name, weights) in Outputs)
        {
            Value(graph, 12, name, OutputType, DeclareLabels ? weights.Length : null, "labels");
        }
    }

    private static void Node(ProtoWriter graph, string type, string[] inputs, string output, Action<ProtoWriter>? attribute = null) =>
        graph.Message(1, node =>
        {
            foreach (var input in inputs)
            {
                node.Text(1, input);
            }

            node.Text(2, output).Text(4, type);
            if (attribute is not null)
            {
                node.Message(5, attribute);
            }
        });

    private static void Tensor(ProtoWriter graph, string name, int type, int[] shape, ReadOnlySpan<byte> data)
    {
        var tensor = new ProtoWriter();
        foreach (var size in shape)
        {
            tensor.Int(1, size);
        }

        graph.Bytes(5, tensor.Int(2, type).Text(8, name).Bytes(9, data).ToArray());
    }

    private static void Value(ProtoWriter graph, int field, string name, int type, int? size, string symbol) =>
        graph.Message(field, value => value
            .Text(1, name)
            .Message(2, any => any.Message(1, tensor => tensor
                .Int(1, type)
                .Message(2, shape => shape
                    .Message(1, batch => batch.Text(2, "batch"))
                    .Message(1, second => _ = size is { } known ? second.Int(1, known) : second.Text(2, symbol))))));
}
