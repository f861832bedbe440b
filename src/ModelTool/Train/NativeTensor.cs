using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace ModelTool.Train;

/// <summary>A tensor of floats outside the garbage collector's reach: ONNX Runtime and our own loops read and write the same memory.</summary>
internal sealed unsafe class NativeTensor : IDisposable
{
    private const int CacheLine = 64;
    private float* _memory;

    /// <summary>All zero.</summary>
    public NativeTensor(params long[] shape)
    {
        Shape = shape;
        Count = checked((int)shape.Aggregate(1L, (product, length) => product * length));
        _memory = (float*)NativeMemory.AlignedAlloc((nuint)Math.Max(Count, 1) * sizeof(float), CacheLine);
        Span.Clear();
        Value = OrtValue.CreateTensorValueWithData(
            OrtMemoryInfo.DefaultInstance, TensorElementType.Float, shape, (nint)_memory, (long)Count * sizeof(float));
    }

    public long[] Shape { get; }

    public int Count { get; }

    public Span<float> Span => new(_memory, Count);

    /// <summary>The same memory as ONNX Runtime knows it.</summary>
    public OrtValue Value { get; }

    public void Dispose()
    {
        Value.Dispose();
        NativeMemory.AlignedFree(_memory);
        _memory = null;
    }
}
