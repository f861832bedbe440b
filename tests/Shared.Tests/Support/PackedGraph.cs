using System.Runtime.InteropServices;

namespace Shared.Tests.Support;

/// <summary>A packed graph whose logits can be told in the head: id, position and segment of each row's last token.</summary>
internal static class PackedGraph
{
    private static readonly string[] Tokens = ["ids", "positions", "segments"];

    /// <param name="type">Of all inputs: Int32 or Int64 of <see cref="MeanGraph"/>.</param>
    public static byte[] Build(int type) => new ProtoWriter()
        .Int(1, 8) // ir_version
        .Message(8, opset => opset.Text(1, "").Int(2, 17))
        .Message(7, graph => Graph(graph, type))
        .ToArray();

    private static void Graph(ProtoWriter graph, int type)
    {
        graph.Text(2, "last");
        var one = type == MeanGraph.Int64 ? MemoryMarshal.AsBytes<long>([1L]) : MemoryMarshal.AsBytes<int>([1]);
        graph.Message(5, Tensor("one", type, one.ToArray()));
        graph.Message(5, Tensor("from", MeanGraph.Int64, MemoryMarshal.AsBytes<long>([1L]).ToArray()));
        graph.Message(5, Tensor("to", MeanGraph.Int64, MemoryMarshal.AsBytes<long>([long.MaxValue]).ToArray()));
        Node(graph, "Slice", ["bounds", "from", "to"], "ends");
        Node(graph, "Sub", ["ends", "one"], "last");
        foreach (var name in Tokens)
        {
            Node(graph, "Gather", [name, "last"], name + ".last");
            Node(graph, "Cast", [name + ".last"], name + ".float", to => to.Text(1, "to").Int(3, MeanGraph.Float).Int(20, 2));
            Node(graph, "Unsqueeze", [name + ".float", "from"], name + ".column");
        }

        Node(graph, "Concat", [.. Tokens.Select(name => name + ".column")], "score", axis => axis.Text(1, "axis").Int(3, 1).Int(20, 2));
        foreach (var name in (string[])[.. Tokens, "bounds"])
        {
            graph.Message(11, Value(name, type, size => size.Text(2, name)));
        }

        graph.Message(12, Value("score", MeanGraph.Float, size => size.Text(2, "batch"), size => size.Int(1, 3)));
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

    private static Action<ProtoWriter> Tensor(string name, int type, byte[] data) => tensor => tensor.Int(1, 1).Int(2, type).Text(8, name).Bytes(9, data);

    private static Action<ProtoWriter> Value(string name, int type, params Action<ProtoWriter>[] sizes) => value => value
        .Text(1, name)
        .Message(2, any => any.Message(1, tensor => tensor.Int(1, type).Message(2, shape =>
        {
            foreach (var size in sizes)
            {
                shape.Message(1, size);
            }
        })));
}
