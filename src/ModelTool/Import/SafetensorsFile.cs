using System.Runtime.InteropServices;

namespace ModelTool.Import;

/// <summary>An open safetensors file. Its header is checked when it is opened; data is read when it is asked for.</summary>
internal sealed class SafetensorsFile : IDisposable
{
    // Large enough that the system call does not count, small enough to stay in the cache while it is converted.
    private const int ChunkBytes = 1 << 20;

    private readonly FileStream _stream;

    private SafetensorsFile(FileStream stream)
    {
        _stream = stream;
        Tensors = SafetensorsHeader.Read(stream, stream.Name);
    }

    /// <summary>Full path.</summary>
    public string Path => _stream.Name;

    public IReadOnlyDictionary<string, TensorEntry> Tensors { get; }

    /// <exception cref="ToolException">It is no safetensors file, or a damaged one.</exception>
    public static SafetensorsFile Open(string path)
    {
        var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1);
        try
        {
            return new SafetensorsFile(stream);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>A tensor of F32, F16 or BF16, row-major; the smaller types are exact in the larger one.</summary>
    /// <exception cref="ToolException">It is not there, or of another type.</exception>
    public float[] Floats(string name)
    {
        var tensor = Find(name);
        return tensor.Type switch
        {
            "F32" => Read<float, float>(name, tensor, (from, to) => from.CopyTo(to)),
            "F16" => Read<Half, float>(name, tensor, (from, to) =>
            {
                for (var i = 0; i < from.Length; i++)
                {
                    to[i] = (float)from[i];
                }
            }),
            "BF16" => Read<ushort, float>(name, tensor, (from, to) =>
            {
                // The upper half of a float.
                for (var i = 0; i < from.Length; i++)
                {
                    to[i] = BitConverter.UInt32BitsToSingle((uint)from[i] << 16);
                }
            }),
            _ => throw new ToolException($"Tensor '{name}' in {Path} is {tensor.Type}; F32, F16 and BF16 can be read as numbers."),
        };
    }

    /// <summary>A tensor of I64, row-major.</summary>
    /// <exception cref="ToolException">It is not there, or of another type.</exception>
    public long[] Integers(string name)
    {
        var tensor = Find(name);
        return tensor.Type == "I64"
            ? Read<long, long>(name, tensor, (from, to) => from.CopyTo(to))
            : throw new ToolException($"Tensor '{name}' in {Path} is {tensor.Type} and must be I64.");
    }

    public void Dispose() => _stream.Dispose();

    private delegate void Convert<TFrom, TTo>(ReadOnlySpan<TFrom> from, Span<TTo> to);

    private TTo[] Read<TFrom, TTo>(string name, TensorEntry tensor, Convert<TFrom, TTo> convert)
        where TFrom : unmanaged
    {
        if (tensor.Count > Array.MaxLength)
        {
            throw new ToolException($"Tensor '{name}' in {Path} has {tensor.Count} elements, more than {Array.MaxLength}.");
        }

        var target = new TTo[tensor.Count];
        var chunk = new TFrom[Math.Min(target.Length, ChunkBytes / Marshal.SizeOf<TFrom>())];
        _stream.Position = tensor.Offset;
        for (var done = 0; done < target.Length;)
        {
            var part = chunk.AsSpan(0, Math.Min(chunk.Length, target.Length - done));
            _stream.ReadExactly(MemoryMarshal.AsBytes(part));
            convert(part, target.AsSpan(done));
            done += part.Length;
        }

        return target;
    }

    private TensorEntry Find(string name) =>
        Tensors.GetValueOrDefault(name) ?? throw new ToolException($"{Path} has no tensor '{name}'.");
}
