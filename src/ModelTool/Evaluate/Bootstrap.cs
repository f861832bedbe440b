namespace ModelTool.Evaluate;

/// <summary>Ends of a 95 % interval.</summary>
internal sealed record Interval(double Low, double High);

/// <summary>
/// Percentile bootstrap (Efron 1979): what a figure would be on other posts drawn from the same source. Posts are taken as independent of each other; the seed is fixed, so the same
/// posts give the same interval.
/// </summary>
internal static class Bootstrap
{
    public const int Resamples = 1000;

    private const int Seed = 7;

    /// <summary>Null where there are fewer than two posts.</summary>
    public static Interval? MacroF1(HeadSamples head)
    {
        var cells = Cells(head);
        return Resample(head.Samples.Count, draw => MacroF1(cells, draw));
    }

    /// <summary>Of the second's macro-F1 less the first's, on the same posts in the same order.</summary>
    public static Interval? MacroF1Difference(HeadSamples first, HeadSamples second)
    {
        var (before, after) = (Cells(first), Cells(second));
        return Resample(first.Samples.Count, draw => MacroF1(after, draw) - MacroF1(before, draw));
    }

    /// <summary>Of any figure.</summary>
    /// <param name="figure">Of the rows that were drawn, by index.</param>
    public static Interval? Resample(int rows, Func<int[], double> figure)
    {
        if (rows < 2)
        {
            return null;
        }

#pragma warning disable CA5394 // Not a secret: a repeatable draw.
        var random = new Random(Seed);
        var figures = new double[Resamples];
        var draw = new int[rows];
        for (var i = 0; i < Resamples; i++)
        {
            for (var row = 0; row < rows; row++)
            {
                draw[row] = random.Next(rows);
            }

            figures[i] = figure(draw);
        }
#pragma warning restore CA5394

        Array.Sort(figures);
        return new Interval(Quantile(figures, 0.025), Quantile(figures, 0.975));
    }

    /// <summary>By post and label: bit 0 the truth, bit 1 the choice; both 0 where the truth is not known.</summary>
    private static byte[][] Cells(HeadSamples head) =>
    [
        .. head.Samples.Select(sample => sample.Truth
            .Select((truth, label) => (byte)(truth is { } known ? (known ? 1 : 0) | (head.Chooses(sample, label) ? 2 : 0) : 0))
            .ToArray()),
    ];

    private static double MacroF1(byte[][] cells, int[] draw)
    {
        var labels = cells[0].Length;
        Span<int> counts = labels <= 256 ? stackalloc int[labels * 4] : new int[labels * 4];
        foreach (var row in draw)
        {
            var cell = cells[row];
            for (var label = 0; label < labels; label++)
            {
                counts[(label * 4) + cell[label]]++;
            }
        }

        var (sum, occurring) = (0.0, 0);
        for (var label = 0; label < labels; label++)
        {
            var count = counts.Slice(label * 4, 4);
            var either = count[1] + count[2] + (2 * count[3]);
            sum += either == 0 ? 0 : 2.0 * count[3] / either;
            occurring += either == 0 ? 0 : 1;
        }

        return occurring == 0 ? 0 : sum / occurring;
    }

    private static double Quantile(double[] sorted, double fraction)
    {
        var at = fraction * (sorted.Length - 1);
        var below = (int)at;
        return sorted[below] + ((at - below) * (sorted[Math.Min(below + 1, sorted.Length - 1)] - sorted[below]));
    }
}
