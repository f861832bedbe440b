using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace StreamScorer.Shared.Infer;

/// <summary>Memory for one tensor that is used again and again under other shapes; it grows and never shrinks.</summary>
internal sealed class PinnedTensor(TensorElementType type)
{
    // Pinned: the runtime reads and writes it by address, without a handle a call.
    private byte[] _bytes = GC.AllocateArray<byte>(4096, pinned: true);
    private readonly int _elementSize = type switch
    {
        TensorElementType.Int64 => 8,
        TensorElementType.Int32 or TensorElementType.Float => 4,
        TensorElementType.Float16 => 2,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Not a type of a graph's input or output."),
    };

    public TensorElementType Type => type;

    /// <summary>The first <paramref name="count"/> elements. New memory is zero, old memory is as it was left.</summary>
    public Span<T> Use<T>(int count)
        where T : unmanaged
    {
        Reserve(count);
        return MemoryMarshal.Cast<byte, T>(_bytes.AsSpan(0, count * _elementSize));
    }

    /// <summary>A view for one call; dispose it after. Valid until the next larger shape.</summary>
    public OrtValue View(long[] shape)
    {
        var count = checked((int)shape.Aggregate(1L, (product, size) => product * size));
        Reserve(count);
        var address = Marshal.UnsafeAddrOfPinnedArrayElement(_bytes, 0);
        return OrtValue.CreateTensorValueWithData(OrtMemoryInfo.DefaultInstance, type, shape, address, (long)count * _elementSize);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Reserve(int count)
    {
        var needed = checked(count * _elementSize);
        if (needed > _bytes.Length)
        {
            _bytes = GC.AllocateArray<byte>(Math.Max(needed, checked(2 * _bytes.Length)), pinned: true);
        }
    }
}
