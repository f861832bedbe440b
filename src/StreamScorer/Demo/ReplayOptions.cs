namespace StreamScorer.Demo;

/// <summary>What the demo sends, and how fast.</summary>
internal sealed record ReplayOptions
{
    /// <summary>Records in all; null: endless. (default: endless)</summary>
    public long? Posts { get; init; }

    /// <summary>Posts per second between bursts. (default: 100)</summary>
    public double Rate { get; init; } = 100;

    /// <summary>During a burst the rate is so many times higher; 1: no bursts. (default: 4)</summary>
    public double Burst { get; init; } = 4;

    /// <summary>Time from one burst's begin to the next one's. (default: 10 s)</summary>
    public TimeSpan BurstEvery { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>(default: 2 s)</summary>
    public TimeSpan BurstLength { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The same seed gives the same records. (default: 1)</summary>
    public int Seed { get; init; } = 1;

    /// <summary>One record in so many is malformed, every kind in turn; 0: none. (default: 200)</summary>
    public int MalformedEvery { get; init; } = 200;

    /// <summary>Decode's limit, which one kind of malformed record goes over. (default: 65536)</summary>
    public int MaxTextBytes { get; init; } = 65_536;

    /// <summary>
    /// Records that may wait for their outcome; at this many the replay holds back. The embedded broker keeps 5 MB a partition
    /// and drops older records without a word, so a worker that falls behind would otherwise lose some. (default: 5000)
    /// </summary>
    public int MaxWaiting { get; init; } = 5_000;

    /// <returns>One line a fault.</returns>
    public IEnumerable<string> Faults()
    {
        if (Posts < 1)
        {
            yield return $"--posts must be at least 1. It is {Posts}.";
        }

        if (Rate is not (> 0 and <= 1_000_000))
        {
            yield return FormattableString.Invariant($"--rate must be above 0 and at most 1000000 posts per second. It is {Rate}.");
        }

        if (Burst is not (>= 1 and <= 1_000))
        {
            yield return FormattableString.Invariant($"--burst must be from 1 (none) to 1000 times the rate. It is {Burst}.");
        }
    }
}
