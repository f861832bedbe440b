using System.Numerics;

namespace StreamScorer.Operate;

/// <summary>How large model calls were.</summary>
/// <param name="Rows">Rows of all calls.</param>
/// <param name="ByTokens">Calls by their tokens: up to 1, 2, 4, 8 and so on, each without those before.</param>
internal sealed record TokenBatchSizes(long Rows, IReadOnlyList<long> ByTokens)
{
    public long Calls => ByTokens.Sum();
}

/// <summary>Counts model calls by the power of two that holds their tokens. Thread-safe.</summary>
internal sealed class SizeCounts
{
    private readonly long[] _calls = new long[24];
    private long _rows;

    public void Add(int tokens, int rows)
    {
        var power = tokens <= 1 ? 0 : BitOperations.Log2((uint)(tokens - 1)) + 1;
        Interlocked.Increment(ref _calls[Math.Min(power, _calls.Length - 1)]);
        Interlocked.Add(ref _rows, rows);
    }

    public TokenBatchSizes Read()
    {
        var calls = new long[_calls.Length];
        for (var power = 0; power < calls.Length; power++)
        {
            calls[power] = Interlocked.Read(ref _calls[power]);
        }

        return new TokenBatchSizes(Interlocked.Read(ref _rows), calls);
    }
}
