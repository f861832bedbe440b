using System.Runtime.InteropServices;
using Google.Protobuf;

namespace ModelTool.Graph;

/// <content>Constants.</content>
internal sealed partial class GraphBuilder
{
    /// <summary>Adds a constant and returns its name, the scope before it.</summary>
    /// <param name="data">Row-major; copied.</param>
    /// <param name="shape">Without sizes: a scalar.</param>
    public string Initializer(string name, ReadOnlySpan<float> data, params long[] shape) => Copy(name, ElementType.Float, data, shape);

    public string Initializer(string name, ReadOnlySpan<Half> data, params long[] shape) => Copy(name, ElementType.Float16, data, shape);

    public string Initializer(string name, ReadOnlySpan<long> data, params long[] shape) => Copy(name, ElementType.Int64, data, shape);

    public string Initializer(string name, ReadOnlySpan<int> data, params long[] shape) => Copy(name, ElementType.Int32, data, shape);

    public string Initializer(string name, ReadOnlySpan<sbyte> data, params long[] shape) => Copy(name, ElementType.Int8, data, shape);

    public string Initializer(string name, ReadOnlySpan<byte> data, params long[] shape) => Copy(name, ElementType.UInt8, data, shape);

    private string Copy<T>(string name, ElementType type, ReadOnlySpan<T> data, long[] shape)
        where T : unmanaged
    {
        var expected = shape.Aggregate(1L, (count, size) => checked(count * size));
        if (data.Length != expected)
        {
            throw new ArgumentException($"Initializer '{name}' has {data.Length} elements and shape [{string.Join(", ", shape)}].", nameof(data));
        }

        var tensor = new TensorProto
        {
            Name = Claim(_scope + name),
            DataType = (int)type,
            // The format is little-endian, as are all machines that ONNX Runtime is built for. The copy is ours alone, so it need not be made twice.
            RawData = UnsafeByteOperations.UnsafeWrap(MemoryMarshal.AsBytes(data).ToArray()),
        };
        tensor.Dims.Add(shape);
        _graph.Initializer.Add(tensor);
        return tensor.Name;
    }
}
