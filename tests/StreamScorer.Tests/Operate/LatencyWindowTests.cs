using StreamScorer.Operate;

namespace StreamScorer.Tests.Operate;

public sealed class LatencyWindowTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public void Read_ShouldBeEmpty_BeforeAnything()
        => Assert.Equal(default, new LatencyWindow(_time, TimeSpan.FromSeconds(10)).Read());

    [Fact]
    public void Read_ShouldBeWithinItsError_ForRandomLatencies()
    {
        var window = new LatencyWindow(_time, TimeSpan.FromSeconds(10));
        var random = new Random(7);
        var all = Enumerable.Range(0, 20_001).Select(_ => Math.Exp((random.NextDouble() * 16) - 9)).ToArray();
        foreach (var seconds in all)
        {
            window.Record(seconds);
        }

        var summary = window.Read();

        Array.Sort(all);
        Assert.Equal(all.Length, summary.Count);
        AssertClose(all[(int)Math.Ceiling(0.50 * all.Length) - 1], summary.P50);
        AssertClose(all[(int)Math.Ceiling(0.95 * all.Length) - 1], summary.P95);
        AssertClose(all[(int)Math.Ceiling(0.99 * all.Length) - 1], summary.P99);
        AssertClose(all[^1], summary.Max);
    }

    [Fact]
    public void Read_ShouldForget_WhatIsOlderThanTheWindow()
    {
        var window = new LatencyWindow(_time, TimeSpan.FromSeconds(3));
        window.Record(5);
        _time.Advance(TimeSpan.FromSeconds(2));
        window.Record(0.1);
        Assert.Equal(2, window.Read().Count);

        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(1, window.Read().Count);
        AssertClose(0.1, window.Read().Max);
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(0, window.Read().Count);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(1e12)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void Record_ShouldTakeAnyNumber(double seconds)
    {
        var window = new LatencyWindow(_time, TimeSpan.FromSeconds(3));

        window.Record(seconds);

        Assert.Equal(1, window.Read().Count);
    }

    private static void AssertClose(double expected, double actual)
        => Assert.InRange(actual, (expected / 1.0161) - 1e-6, (expected * 1.0161) + 1e-6);
}
