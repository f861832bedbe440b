namespace Soak;

/// <summary>A straight line through samples, by least squares, and how sure its slope is.</summary>
/// <param name="PerHour">Change of the value in an hour.</param>
/// <param name="Error">
/// One standard error of it. Memory goes up and down over several samples, so that they tell less than as many independent ones; they are counted as
/// n (1 - r) / (1 + r), with r the correlation of each residual with the next one.
/// </param>
internal readonly record struct Slope(double PerHour, double Error)
{
    /// <summary>Under twice its standard error a slope may as well be none.</summary>
    public bool IsFlat => Math.Abs(PerHour) <= 2 * Error;

    /// <returns>Null: fewer than 10 samples say nothing.</returns>
    public static Slope? Fit(IReadOnlyList<(TimeSpan At, double Value)> samples)
    {
        var n = samples.Count;
        if (n < 10)
        {
            return null;
        }

        var (meanX, meanY) = (samples.Average(s => s.At.TotalHours), samples.Average(s => s.Value));
        var spread = samples.Sum(s => Square(s.At.TotalHours - meanX));
        var slope = samples.Sum(s => (s.At.TotalHours - meanX) * (s.Value - meanY)) / spread;
        var residuals = samples.Select(s => s.Value - meanY - (slope * (s.At.TotalHours - meanX))).ToList();
        var variance = residuals.Sum(Square);
        if (variance == 0)
        {
            return new Slope(slope, 0);
        }

        var r = Math.Clamp(residuals.Zip(residuals.Skip(1), (a, b) => a * b).Sum() / variance, 0, 0.99);
        var independent = Math.Max(3, n * (1 - r) / (1 + r));
        return new Slope(slope, Math.Sqrt(variance / n * independent / (independent - 2) / (spread * independent / n)));
    }

    private static double Square(double value) => value * value;
}
