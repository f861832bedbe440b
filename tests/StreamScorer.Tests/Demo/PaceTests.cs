using StreamScorer.Demo;

namespace StreamScorer.Tests.Demo;

public sealed class PaceTests
{
    private readonly Pace _pace = new(new ReplayOptions { Rate = 100, Burst = 4, BurstEvery = TimeSpan.FromSeconds(10), BurstLength = TimeSpan.FromSeconds(2) });

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0.25, 25)]
    [InlineData(8, 800)]
    [InlineData(9, 800 + 400)]
    [InlineData(10, 800 + 800)]
    [InlineData(11, 1_600 + 100)]
    [InlineData(29.5, (3 * 1_600) - 200)]
    public void Due_ShouldFollowTheRateAndItsBursts(double seconds, double expected)
        => Assert.Equal(expected, _pace.Due(TimeSpan.FromSeconds(seconds)), precision: 6);

    [Theory]
    [InlineData(7.9, false)]
    [InlineData(8.1, true)]
    [InlineData(10.1, false)]
    [InlineData(19, true)]
    public void IsBurst_ShouldHoldAtTheEndOfEveryPeriod(double seconds, bool expected)
        => Assert.Equal(expected, _pace.IsBurst(TimeSpan.FromSeconds(seconds)));

    [Fact]
    public void Due_ShouldBeEven_WhenThereAreNoBursts()
    {
        var even = new Pace(new ReplayOptions { Rate = 50, Burst = 1 });

        Assert.Equal(5_000, even.Due(TimeSpan.FromSeconds(100)), precision: 6);
        Assert.False(even.IsBurst(TimeSpan.FromSeconds(9)));
    }
}
