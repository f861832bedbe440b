using System.Numerics;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Group;

namespace StreamScorer.Shared.Infer;

/// <summary>Lays rows of token ids out as a graph wants them. Its memory is used again from call to call.</summary>
internal abstract class GraphInputs
{
    private readonly PinnedTensor[] _tensors;
    private readonly OrtValue[] _values;
    private readonly int? _separator;

    protected GraphInputs(GraphContract contract)
    {
        Names = [.. contract.Inputs.Select(input => input.Name)];
        _tensors = [.. contract.Inputs.Select(input => new PinnedTensor(input.Type))];
        _values = new OrtValue[_tensors.Length];
        _separator = contract.Separator;
    }

    public string[] Names { get; }

    public static GraphInputs For(GraphContract contract) =>
        contract.Layout == GraphLayout.Packed ? new PackedInputs(contract) : new PaddedInputs(contract);

    /// <summary>Rows, from <paramref name="first"/> on, that may go through the graph together.</summary>
    public abstract int Together(TokenBatch batch, int first);

    /// <summary>Fills the inputs; dispose them with <see cref="Release"/>.</summary>
    public abstract OrtValue[] Fill(TokenBatch batch, int first, int rows);

    public void Release()
    {
        foreach (var value in _values)
        {
            value?.Dispose();
        }
    }

    /// <summary>Whether rows may hold two texts. Where they do not, segments are 0 throughout, as the memory was made.</summary>
    protected bool HasPairs => _separator is not null;

    /// <summary>1 from behind the first separator on, and 0 before: no text ever becomes a separator itself.</summary>
    protected void FillSegments<T>(ReadOnlySpan<int> ids, Span<T> target)
        where T : unmanaged, INumberBase<T>
    {
        var second = ids.IndexOf(_separator!.Value) + 1;
        target.Clear();
        if (second > 0)
        {
            target[second..ids.Length].Fill(T.One);
        }
    }

    protected bool IsInt64(int input) => _tensors[input].Type == TensorElementType.Int64;

    protected Span<T> Use<T>(int input, int count)
        where T : unmanaged => _tensors[input].Use<T>(count);

    protected OrtValue[] View(Func<int, long[]> shape)
    {
        for (var i = 0; i < _tensors.Length; i++)
        {
            _values[i] = _tensors[i].View(shape(i));
        }

        return _values;
    }
}
