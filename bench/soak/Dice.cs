namespace Soak;

/// <summary>SplitMix64: random numbers that are the same for the same seed in every version of .NET, and cost nothing to begin.</summary>
internal struct Dice(ulong seed)
{
    private ulong _state = seed;

    public ulong Next()
    {
        var z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>0 to <paramref name="below"/> - 1.</summary>
    public int Next(int below) => (int)(Next() % (ulong)below);

    /// <summary><paramref name="from"/> to <paramref name="below"/> - 1.</summary>
    public int Next(int from, int below) => from + Next(below - from);

    public T Pick<T>(IReadOnlyList<T> from) => from[Next(from.Count)];
}
