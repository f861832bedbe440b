using System.Numerics;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;

namespace ModelTool.Train;

/// <summary>
/// Draws dropout masks on the host. Every number is a hash of seed, step, mask and place, so that a step can be drawn again after a restart, whatever was drawn
/// before it, and in any order.
/// </summary>
internal sealed class DropoutMasks : IDisposable
{
    private const int Piece = 1 << 16;

    private readonly uint _seed;
    private readonly uint _threshold;
    private readonly float _kept;
    private readonly ParallelOptions _parallel;
    private readonly Dictionary<string, (float[] Memory, OrtValue? Value)> _masks = [];

    /// <param name="rate">Share that is dropped, 0 up to but not 1; what is kept is scaled up by 1 / (1 - rate).</param>
    public DropoutMasks(double rate, int seed, int threads)
    {
        _seed = unchecked((uint)seed);
        _threshold = (uint)(rate * (1L << 32));
        _kept = (float)(1 / (1 - rate));
        _parallel = new ParallelOptions { MaxDegreeOfParallelism = threads };
    }

    /// <summary>Masks of one step; valid until the next call.</summary>
    public IReadOnlyList<(string Name, OrtValue Mask)> Draw(IReadOnlyList<MaskInput> masks, long step, int rows, int length)
    {
        for (var i = 0; i < masks.Count; i++)
        {
            var shape = masks[i].Shape(rows, length);
            var count = checked((int)shape.Aggregate(1L, (product, size) => product * size));
            var (memory, old) = _masks.GetValueOrDefault(masks[i].Name);
            old?.Dispose();
            if (memory is null || memory.Length < count)
            {
                memory = GC.AllocateUninitializedArray<float>(count);
            }

            Fill(memory.AsMemory(0, count), Mix(Mix(_seed ^ Mix(unchecked((uint)step))) + (uint)i));
            _masks[masks[i].Name] = (memory, OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, memory.AsMemory(0, count), shape));
        }

        return [.. _masks.Select(mask => (mask.Key, mask.Value.Value!))];
    }

    public void Dispose()
    {
        foreach (var (_, value) in _masks.Values)
        {
            value?.Dispose();
        }
    }

    private void Fill(Memory<float> mask, uint key) => Parallel.For(0, (mask.Length + Piece - 1) / Piece, _parallel, piece =>
    {
        var start = piece * Piece;
        Fill(mask.Span[start..Math.Min(start + Piece, mask.Length)], (uint)start, key);
    });

    private void Fill(Span<float> mask, uint start, uint key)
    {
        var wide = MemoryMarshal.Cast<float, Vector<float>>(mask);
        var place = new Vector<uint>(start) + Vector<uint>.Indices;
        for (var i = 0; i < wide.Length; i++)
        {
            var drop = Vector.LessThan(Mix(place + new Vector<uint>(key)), new Vector<uint>(_threshold));
            wide[i] = Vector.ConditionalSelect(Vector.AsVectorSingle(drop), Vector<float>.Zero, new Vector<float>(_kept));
            place += new Vector<uint>((uint)Vector<uint>.Count);
        }

        for (var i = wide.Length * Vector<float>.Count; i < mask.Length; i++)
        {
            mask[i] = Mix(start + (uint)i + key) < _threshold ? 0 : _kept;
        }
    }

    // A bijective hash of 32 bits with little bias: Chris Wellons' hash prospector, "lowbias32".
    private static uint Mix(uint x)
    {
        unchecked
        {
            x = (x ^ (x >> 16)) * 0x7feb352du;
            x = (x ^ (x >> 15)) * 0x846ca68bu;
            return x ^ (x >> 16);
        }
    }

    private static Vector<uint> Mix(Vector<uint> x)
    {
        x = (x ^ (x >>> 16)) * 0x7feb352du;
        x = (x ^ (x >>> 15)) * 0x846ca68bu;
        return x ^ (x >>> 16);
    }
}
