namespace ModelTool.Train;

/// <summary>A small random sequence that is the same on every machine and version: splitmix64 (Steele, Lea and Flood 2014).</summary>
internal sealed class Random32(ulong seed)
{
    private ulong _state = seed;

    public uint Next()
    {
        unchecked
        {
            _state += 0x9e3779b97f4a7c15;
            var z = (_state ^ (_state >> 30)) * 0xbf58476d1ce4e5b9;
            z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
            return (uint)((z ^ (z >> 31)) >> 32);
        }
    }

    /// <summary>Puts the items into random order (Fisher and Yates).</summary>
    public void Shuffle<T>(Span<T> items)
    {
        for (var i = items.Length - 1; i > 0; i--)
        {
            var j = (int)(((ulong)Next() * (ulong)(i + 1)) >> 32);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    /// <summary>From a normal distribution around 0 (Box and Muller).</summary>
    public double Normal(double deviation)
    {
        var radius = Math.Sqrt(-2 * Math.Log((Next() + 1.0) / (1L << 32)));
        return deviation * radius * Math.Cos(2 * Math.PI * Next() / (1L << 32));
    }
}
