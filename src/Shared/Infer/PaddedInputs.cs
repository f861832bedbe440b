using System.Numerics;
using Microsoft.ML.OnnxRuntime;
using StreamScorer.Shared.Group;

namespace StreamScorer.Shared.Infer;

/// <summary>Lays rows of token ids out as [rows, longest] for an ordinary export, padded with id 0 where the mask is 0.</summary>
internal sealed class PaddedInputs : GraphInputs
{
    private readonly bool _hasMask;

    public PaddedInputs(GraphContract contract)
        : base(contract) => _hasMask = contract.HasMask;

    /// <inheritdoc/>
    // Without a mask the padding would count as text, so only rows of equal length go together.
    public override int Together(TokenBatch batch, int first)
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

    public override OrtValue[] Fill(TokenBatch batch, int first, int rows)
    {
        var longest = 0;
        for (var row = first; row < first + rows; row++)
        {
            longest = Math.Max(longest, batch.Row(row).Length);
        }

        long[] shape = [rows, longest];
        for (var i = 0; i < Names.Length; i++)
        {
            if (IsInt64(i))
            {
                Write<long>(i, batch, first, rows, longest);
            }
            else
            {
                Write<int>(i, batch, first, rows, longest);
            }
        }

        return View(_ => shape);
    }

    private void Write<T>(int input, TokenBatch batch, int first, int rows, int longest)
        where T : unmanaged, INumberBase<T>
    {
        var target = Use<T>(input, rows * longest);
        var name = Names[input];
        if (name == GraphContract.TokenTypeIds && !HasPairs)
        {
            return;
        }

        for (var row = 0; row < rows; row++)
        {
            var ids = batch.Row(first + row);
            var line = target.Slice(row * longest, longest);
            line[ids.Length..].Clear();
            if (name == GraphContract.TokenTypeIds)
            {
                FillSegments(ids, line);
                continue;
            }

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
