using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace ModelTool.Import;

/// <param name="Data">Called once, when the tensor is written, so that not all need be in memory at once.</param>
internal sealed record NamedTensor(string Name, long[] Shape, Func<float[]> Data);

/// <summary>Writes safetensors files of F32 tensors.</summary>
internal static class SafetensorsWriter
{
    /// <summary>Writes the tensors in the order given; a file that is there is replaced once the new one is whole.</summary>
    public static void Write(string path, IReadOnlyList<NamedTensor> tensors) =>
        AtomicFile.Write(path, stream =>
        {
            WriteHeader(stream, tensors);
            foreach (var tensor in tensors)
            {
                WriteData(stream, tensor);
            }
        });

    private static void WriteHeader(FileStream stream, IReadOnlyList<NamedTensor> tensors)
    {
        using var header = new MemoryStream();
        using (var json = new Utf8JsonWriter(header))
        {
            json.WriteStartObject();
            var offset = 0L;
            foreach (var tensor in tensors)
            {
                var end = offset + (sizeof(float) * Count(tensor));
                json.WriteStartObject(tensor.Name);
                json.WriteString("dtype", "F32");
                WriteNumbers(json, "shape", tensor.Shape);
                WriteNumbers(json, "data_offsets", [offset, end]);
                json.WriteEndObject();
                offset = end;
            }

            json.WriteEndObject();
        }

        // Spaces may follow the object: they put the data at a multiple of 8.
        header.Write("        "u8[..(int)(-header.Length & 7)]);
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        stream.Write(length);
        header.WriteTo(stream);
    }

    private static void WriteNumbers(Utf8JsonWriter json, string name, ReadOnlySpan<long> numbers)
    {
        json.WriteStartArray(name);
        foreach (var number in numbers)
        {
            json.WriteNumberValue(number);
        }

        json.WriteEndArray();
    }

    private static void WriteData(FileStream stream, NamedTensor tensor)
    {
        var data = tensor.Data();
        if (data.Length != Count(tensor))
        {
            throw new ArgumentException($"Tensor '{tensor.Name}' has {data.Length} elements and shape [{string.Join(", ", tensor.Shape)}].", nameof(tensor));
        }

        // In parts: the bytes of a large tensor are more than a span can count.
        foreach (var part in Enumerable.Range(0, (data.Length + (1 << 20) - 1) >> 20))
        {
            stream.Write(MemoryMarshal.AsBytes(data.AsSpan(part << 20, Math.Min(1 << 20, data.Length - (part << 20)))));
        }
    }

    private static long Count(NamedTensor tensor) => tensor.Shape.Aggregate(1L, (count, size) => checked(count * size));
}
