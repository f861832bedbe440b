using System.Numerics;
using Microsoft.ML.OnnxRuntime;
using StreamScorer.Shared.Group;

namespace StreamScorer.Shared.Infer;

/// <summary>Lays rows of token ids one after the other, without padding.</summary>
internal sealed class PackedInputs(GraphContract contract) : GraphInputs(contract)
{
    public override int Together(TokenBatch batch, int first) => batch.Rows - first;

    public override OrtValue[] Fill(TokenBatch batch, int first, int rows)
    {
        var tokens = 0;
        for (var row = first; row < first + rows; row++)
        {
            tokens += batch.Row(row).Length;
        }

        for (var i = 0; i < Names.Length; i++)
        {
            var count = Names[i] == GraphContract.Bounds ? rows + 1 : tokens;
            if (IsInt64(i))
            {
                Write(Names[i], Use<long>(i, count), batch, first, rows);
            }
            else
            {
                Write(Names[i], Use<int>(i, count), batch, first, rows);
            }
        }

        return View(i => [Names[i] == GraphContract.Bounds ? rows + 1 : tokens]);
    }

    private void Write<T>(string name, Span<T> target, TokenBatch batch, int first, int rows)
        where T : unmanaged, INumberBase<T>
    {
        if (name == GraphContract.Segments && !HasPairs)
        {
            return;
        }

        if (name == GraphContract.Bounds)
        {
            target[0] = T.Zero;
        }

        var begin = 0;
        for (var row = 0; row < rows; row++)
        {
            var ids = batch.Row(first + row);
            var end = begin + ids.Length;
            if (name == GraphContract.Bounds)
            {
                target[row + 1] = T.CreateTruncating(end);
            }
            else if (name == GraphContract.Segments)
            {
                FillSegments(ids, target[begin..end]);
            }
            else
            {
                for (var i = 0; i < ids.Length; i++)
                {
                    target[begin + i] = T.CreateTruncating(name == GraphContract.Ids ? ids[i] : i);
                }
            }

            begin = end;
        }
    }
}
