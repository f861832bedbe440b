using System.Numerics;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using StreamScorer.Shared.Group;

namespace StreamScorer.Shared.Infer;

/// <summary>Lays rows of token ids out as [rows, longest] for an ordinary export, padded with id 0 where the mask is 0.</summary>
internal sealed class PaddedInputs
{
    private readonly PinnedTensor[] _tensors;
    private readonly OrtValue[] _values;
    private readonly bool _hasMask;

    public PaddedInputs(GraphContract contract)
    {
        Names = [.. contract.Inputs.Select(input => input.Name)];
        _tensors = [.. contract.Inputs.Select(input => new PinnedTensor(input.Type))];
        _values = new OrtValue[_tensors.Length];
        _hasMask = contract.HasMask;
    }

    public string[] Names { get; }

    /// <summary>
    /// Rows, from <paramref name="first"/> on, that may go through the graph together. Without a mask the padding would count as text,
    /// so only rows of equal length do.
    /// </summary>
    public int Together(TokenBatch batch, int first)
    {
        if (_hasMask)
        {
            return batch.Rows - first;
        }

        var end = first + 1;
        while (end < batch.Rows && batch.Row(end).Length == batch.Row(first).Length)
        {
            end++;
        }

        return end - first;
    }

    /// <summary>Fills the inputs; dispose them with <see cref="Release"/>.</summary>
    public OrtValue[] Fill(TokenBatch batch, int first, int rows)
    {
        var longest = 0;
        for (var row = first; row < first + rows; row++)
        {
            longest = Math.Max(longest, batch.Row(row).Length);
        }

        long[] shape = [rows, longest];
        for (var i = 0; i < _tensors.Length; i++)
        {
            if (_tensors[i].Type == TensorElementType.Int64)
            {
                Write<long>(i, batch, first, rows, longest);
            }
            else
            {
                Write<int>(i, batch, first, rows, longest);
            }

            _values[i] = _tensors[i].View(shape);
        }

        return _values;
    }

    public void Release()
    {
        foreach (var value in _values)
        {
            value?.Dispose();
        }
    }

    private void Write<T>(int input, TokenBatch batch, int first, int rows, int longest)
        where T : unmanaged, INumberBase<T>
    {
        var target = _tensors[input].Use<T>(rows * longest);
        var name = Names[input];
        if (name == GraphContract.TokenTypeIds)
        {
            return; // one text a post: segment 0 throughout, as the memory was made
        }

        for (var row = 0; row < rows; row++)
        {
            var ids = batch.Row(first + row);
            var line = target.Slice(row * longest, longest);
            line[ids.Length..].Clear();
            if (name == GraphContract.AttentionMask)
            {
                line[..ids.Length].Fill(T.One);
                continue;
            }

            for (var i = 0; i < ids.Length; i++)
            {
                line[i] = T.CreateTruncating(ids[i]);
            }
        }
    }
}
