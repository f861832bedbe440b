using Soak;

namespace StreamScorer.Tests.Soak;

/// <summary>The line by which a long run is said to be flat or not.</summary>
public sealed class SlopeTests
{
    [Fact]
    public void Fit_ShouldFindALine() => Assert.Equal((12, 0), Rounded(Slope.Fit(Samples(200, hours => 100 + (12 * hours)))!.Value));

    [Fact]
    public void Fit_ShouldBeNull_WhenThereIsNextToNothing() => Assert.Null(Slope.Fit(Samples(9, _ => 1)));

    /// <summary>Of noise without a slope about one run in twenty is beyond twice the error, if the error is right; also when each value keeps nine tenths of the last one.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(0.9)]
    public void IsFlat_ShouldHold_ForNineteenOfTwentyRunsOfNoise(double memory)
    {
        var flat = Enumerable.Range(0, 200).Count(seed =>
        {
            var (random, value) = (new Random(seed), 0.0);
            return Slope.Fit(Samples(400, _ => value = (memory * value) + random.NextDouble() - 0.5))!.Value.IsFlat;
        });

        Assert.InRange(flat, 172, 200);
    }

    [Fact]
    public void IsFlat_ShouldNotHold_WhenMemoryGrows()
    {
        var random = new Random(1);

        Assert.False(Slope.Fit(Samples(400, hours => (20 * hours) + random.NextDouble()))!.Value.IsFlat);
    }

    private static (double Slope, double Error) Rounded(Slope slope) => (Math.Round(slope.PerHour, 6), Math.Round(slope.Error, 6));

    private static List<(TimeSpan At, double Value)> Samples(int count, Func<double, double> value)
        => [.. Enumerable.Range(0, count).Select(i => (TimeSpan.FromSeconds(5 * i), value(i * 5 / 3600.0)))];
}
