using System.Buffers.Binary;
using System.Text.Json;

namespace ModelTool.Import;

/// <param name="Type">As the file spells it: F32, F16, BF16, I64 ...</param>
/// <param name="Offset">First byte, counted from the start of the file.</param>
/// <param name="Count">Elements; the product of the shape.</param>
internal sealed record TensorEntry(string Type, long[] Shape, long Offset, long Count)
{
    public string ShapeText => $"[{string.Join(", ", Shape)}]";
}

/// <summary>
/// What a safetensors file says of its tensors: 8 bytes with the length of a JSON object, the object, then all data. Nothing in it is relied on
/// before it is checked: every tensor lies inside the file, is as long as its shape says, and none overlaps another.
/// </summary>
internal static class SafetensorsHeader
{
    // The reference implementation's own limit.
    private const long LongestHeader = 100_000_000;

    private static readonly Dictionary<string, int> ElementSizes = new(StringComparer.Ordinal)
    {
        ["BOOL"] = 1,
        ["U8"] = 1,
        ["I8"] = 1,
        ["F8_E4M3"] = 1,
        ["F8_E5M2"] = 1,
        ["I16"] = 2,
        ["U16"] = 2,
        ["F16"] = 2,
        ["BF16"] = 2,
        ["I32"] = 4,
        ["U32"] = 4,
        ["F32"] = 4,
        ["I64"] = 8,
        ["U64"] = 8,
        ["F64"] = 8,
    };

    /// <summary>Bytes of one element.</summary>
    public static int ElementSize(string type) => ElementSizes[type];

    /// <param name="file">Named in every fault.</param>
    /// <exception cref="ToolException">It is no safetensors file, or a damaged one.</exception>
    public static Dictionary<string, TensorEntry> Read(Stream stream, string file)
    {
        Span<byte> prefix = stackalloc byte[8];
        if (stream.ReadAtLeast(prefix, 8, throwOnEndOfStream: false) < 8)
        {
            throw Fault(file, "it is shorter than 8 bytes");
        }

        if (prefix.SequenceEqual("version "u8))
        {
            throw new ToolException($"{file} is the place holder that Git LFS leaves for a large file: fetch the file itself with 'git lfs pull'.");
        }

        var length = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (length > LongestHeader || (long)length > stream.Length - 8)
        {
            throw Fault(file, $"its header would have {length} bytes, more than the file has or the format allows");
        }

        var header = new byte[length];
        stream.ReadExactly(header);
        try
        {
            using var json = JsonDocument.Parse(header, new JsonDocumentOptions { MaxDepth = 8, AllowDuplicateProperties = false });
            var tensors = ReadTensors(json.RootElement, 8 + (long)length, stream.Length, file);
            CheckCover(tensors, 8 + (long)length, stream.Length, file);
            return tensors;
        }
        catch (JsonException e)
        {
            throw Fault(file, $"its header is not valid JSON: {e.Message.TrimEnd('.')}", e); // which names what is there twice
        }
        catch (InvalidOperationException e)
        {
            throw Fault(file, "a name in its header is not valid Unicode", e); // the only text that the parser checks later than the rest
        }
    }

    private static Dictionary<string, TensorEntry> ReadTensors(JsonElement root, long dataStart, long fileLength, string file)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw Fault(file, "its header is no JSON object");
        }

        var tensors = new Dictionary<string, TensorEntry>(StringComparer.Ordinal);
        foreach (var property in root.EnumerateObject())
        {
            if (property.Name != "__metadata__")
            {
                tensors.Add(property.Name, ReadTensor(property, dataStart, fileLength, file));
            }
        }

        return tensors;
    }

    private static TensorEntry ReadTensor(JsonProperty property, long dataStart, long fileLength, string file)
    {
        var name = property.Name;
        if (Member(property.Value, "dtype", JsonValueKind.String) is not { } dtype || dtype.GetString() is not { } type || !ElementSizes.TryGetValue(type, out var size))
        {
            throw Fault(file, $"tensor '{name}' has no dtype that is known");
        }

        var shape = Numbers(property.Value, "shape") ?? throw Fault(file, $"tensor '{name}' has no shape of whole numbers from 0 on");
        if (Numbers(property.Value, "data_offsets") is not [var begin, var end] || begin > end)
        {
            throw Fault(file, $"tensor '{name}' has no data_offsets [begin, end]");
        }

        if (end > fileLength - dataStart)
        {
            throw Fault(file, $"tensor '{name}' ends at byte {(Int128)dataStart + end} and the file has {fileLength}: it was cut off");
        }

        var count = Int128.One;
        foreach (var axis in shape)
        {
            // Each is at most 2^63, and a product beyond that many bytes cannot be in a file: stop before it overflows.
            count *= axis;
            if (count > long.MaxValue)
            {
                break;
            }
        }

        return count * size == end - begin
            ? new TensorEntry(type, shape, dataStart + begin, (long)count)
            : throw Fault(file, $"tensor '{name}' of {type} [{string.Join(", ", shape)}] cannot have {end - begin} bytes");
    }

    /// <summary>The format allows neither overlaps nor holes; a file that was cut off shows here.</summary>
    private static void CheckCover(Dictionary<string, TensorEntry> tensors, long dataStart, long fileLength, string file)
    {
        var reached = dataStart;
        foreach (var (name, tensor) in tensors.OrderBy(tensor => tensor.Value.Offset).ThenBy(tensor => tensor.Value.Count))
        {
            if (tensor.Offset != reached)
            {
                throw Fault(file, $"the data of tensor '{name}' overlaps another's, or leaves a hole before it");
            }

            reached += tensor.Count * ElementSizes[tensor.Type];
        }

        if (reached != fileLength)
        {
            throw Fault(file, $"its tensors end at byte {reached} and the file has {fileLength}");
        }
    }

    private static JsonElement? Member(JsonElement parent, string name, JsonValueKind kind) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var value) && value.ValueKind == kind ? value : null;

    private static long[]? Numbers(JsonElement parent, string name)
    {
        if (Member(parent, name, JsonValueKind.Array) is not { } array)
        {
            return null;
        }

        var numbers = new List<long>();
        foreach (var item in array.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Number || !item.TryGetInt64(out var number) || number < 0)
            {
                return null;
            }

            numbers.Add(number);
        }

        return [.. numbers];
    }

    private static ToolException Fault(string file, string what, Exception? inner = null)
    {
        var message = $"{file} is no whole safetensors file: {what}. Get it again.";
        return inner is null ? new ToolException(message) : new ToolException(message, inner);
    }
}
