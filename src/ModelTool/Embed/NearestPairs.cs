using System.Numerics.Tensors;

namespace ModelTool.Embed;

/// <summary>Two texts and the cosine of their vectors' angle.</summary>
internal sealed record Neighbours(double Cosine, TextRow First, TextRow Second);

/// <summary>The most similar pairs of all: to see at a glance what a model takes for alike.</summary>
internal static class NearestPairs
{
    /// <summary>Every row is held against every other: twice as many rows take four times as long.</summary>
    public const int MostRows = 20_000;

    /// <summary>Most similar first; a text is no neighbour of itself.</summary>
    public static IReadOnlyList<Neighbours> Of(IReadOnlyList<Embedded> rows, int count)
    {
        float[][] vectors = [.. rows.Select(row => Unit(row.Vector))];
        var best = new PriorityQueue<(int First, int Second), float>(); // the least similar on top
        for (var i = 0; i < rows.Count; i++)
        {
            for (var j = i + 1; j < rows.Count; j++)
            {
                var cosine = TensorPrimitives.Dot(vectors[i], vectors[j]);
                if (best.Count == count && best.TryPeek(out _, out var least) && cosine <= least)
                {
                    continue;
                }

                if (!rows[i].Row.Text.AsSpan().SequenceEqual(rows[j].Row.Text))
                {
                    best.Enqueue((i, j), cosine);
                    _ = best.Count > count ? best.Dequeue() : default;
                }
            }
        }

        return [.. best.UnorderedItems
            .OrderByDescending(item => item.Priority)
            .Select(item => new Neighbours(item.Priority, rows[item.Element.First].Row, rows[item.Element.Second].Row))];
    }

    private static float[] Unit(float[] vector)
    {
        var unit = new float[vector.Length];
        TensorPrimitives.Divide(vector, Math.Max(TensorPrimitives.Norm(vector), 1e-12f), unit);
        return unit;
    }
}
