using System.Globalization;
using Google.Protobuf;

namespace ModelTool.Graph;

/// <content>From the collected nodes to a file.</content>
internal sealed partial class GraphBuilder
{
    // An ONNX file is one protocol buffer message, which can have 2 GiB.
    private const long LargestInside = 1_500_000_000;

    /// <summary>The graph as a model, without constants that no node reads. Weights are shared with the builder, not copied.</summary>
    /// <param name="opset">Version of the ONNX standard operators.</param>
    public ModelProto Build(int opset = 21)
    {
        var read = _graph.Node.SelectMany(node => node.Input).ToHashSet(StringComparer.Ordinal);
        var used = _graph.Initializer.Where(tensor => read.Contains(tensor.Name)).ToList();
        _graph.Initializer.Clear();
        _graph.Initializer.Add(used);

        var model = new ModelProto { IrVersion = 10, ProducerName = "modeltool", Graph = _graph };
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = "", Version = opset });
        foreach (var domain in _graph.Node.Select(node => node.Domain).Where(domain => domain.Length > 0).Distinct(StringComparer.Ordinal))
        {
            model.OpsetImport.Add(new OperatorSetIdProto { Domain = domain, Version = 1 });
        }

        return model;
    }

    /// <summary>
    /// Writes the graph; a file that is there is replaced once the new one is whole. Weights of more than 1.5 GB go to a file beside it, named
    /// as it is with <c>.data</c> added.
    /// </summary>
    /// <returns>Names of the files written, the graph first.</returns>
    public IReadOnlyList<string> Save(string path) => Save(path, LargestInside);

    internal IReadOnlyList<string> Save(string path, long largestInside)
    {
        var file = Path.GetFileName(path);
        var model = Build();
        if (_graph.Initializer.Sum(tensor => (long)tensor.RawData.Length) <= largestInside)
        {
            AtomicFile.Write(path, stream => model.WriteTo(stream));
            return [file];
        }

        model.Graph = new GraphProto { Name = _graph.Name };
        model.Graph.Node.Add(_graph.Node);
        model.Graph.Input.Add(_graph.Input);
        model.Graph.Output.Add(_graph.Output);
        AtomicFile.Write(path + ".data", stream => model.Graph.Initializer.Add(_graph.Initializer.Select(tensor => Externalise(tensor, stream, file + ".data"))));
        AtomicFile.Write(path, stream => model.WriteTo(stream));
        return [file, file + ".data"];
    }

    private static TensorProto Externalise(TensorProto tensor, FileStream stream, string file)
    {
        var reference = new TensorProto { Name = tensor.Name, DataType = tensor.DataType, DataLocation = TensorProto.Types.DataLocation.External };
        reference.Dims.Add(tensor.Dims);
        reference.ExternalData.Add(Entry("location", file));
        reference.ExternalData.Add(Entry("offset", stream.Position.ToString(CultureInfo.InvariantCulture)));
        reference.ExternalData.Add(Entry("length", tensor.RawData.Length.ToString(CultureInfo.InvariantCulture)));
        tensor.RawData.WriteTo(stream);
        return reference;
    }

    private static StringStringEntryProto Entry(string key, string value) => new() { Key = key, Value = value };
}
