namespace StreamScorer.Demo;

/// <summary>How many records are due, by the clock: a base rate, and in every period a burst at its end.</summary>
internal sealed class Pace(ReplayOptions options)
{
    /// <summary>Records due since the start; a fraction is part of the next one.</summary>
    public double Due(TimeSpan elapsed)
    {
        var periods = Math.Floor(elapsed / options.BurstEvery);
        var inPeriod = elapsed - (periods * options.BurstEvery);
        var burst = (periods * options.BurstLength) + Max(TimeSpan.Zero, inPeriod - Calm);
        return options.Rate * (elapsed.TotalSeconds + ((options.Burst - 1) * burst.TotalSeconds));
    }

    /// <summary>True while a burst is on.</summary>
    public bool IsBurst(TimeSpan elapsed)
        => options.Burst > 1 && elapsed - (Math.Floor(elapsed / options.BurstEvery) * options.BurstEvery) >= Calm;

    private TimeSpan Calm => options.BurstEvery - options.BurstLength;

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
