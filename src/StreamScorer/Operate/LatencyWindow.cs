using System.Numerics;

namespace StreamScorer.Operate;

/// <summary>Latencies of a recent window. Durations in seconds; percentiles are right within 1.6 %, or half a microsecond.</summary>
internal readonly record struct LatencySummary(long Count, double P50, double P95, double P99, double Max);

/// <summary>
/// Percentiles of the last seconds, in fixed memory: one histogram a second, with buckets that grow with their value, as in HdrHistogram:
/// 32 buckets for each power of two of microseconds, so a bucket is at most 1/32 of its value wide and its middle is off by half of that.
/// </summary>
internal sealed class LatencyWindow
{
    private const int SubBits = 5;
    private const int SubBuckets = 1 << SubBits;

    // 2^37 microseconds are 38 hours; what is longer counts as that.
    private const int Powers = 37;
    private const int Buckets = (Powers - SubBits + 1) * SubBuckets;
    private const long MaxMicroseconds = (1L << Powers) - 1;

    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly long _start;
    private readonly int[][] _slots;
    private readonly long[] _seconds;

    /// <param name="window">Rounded up to whole seconds.</param>
    public LatencyWindow(TimeProvider time, TimeSpan window)
    {
        _time = time;
        _start = time.GetTimestamp();
        var length = Math.Max(1, (int)Math.Ceiling(window.TotalSeconds));
        _slots = [.. Enumerable.Range(0, length).Select(_ => new int[Buckets])];
        _seconds = [.. Enumerable.Repeat(-1L, length)];
    }

    public void Record(double seconds)
    {
        var bucket = BucketOf((long)Math.Clamp(seconds * 1e6, 0, MaxMicroseconds));
        lock (_gate)
        {
            Slot(Now())[bucket]++;
        }
    }

    public LatencySummary Read() => Read(_slots.Length);

    /// <param name="seconds">The last full seconds and the running one, so many in all; at most the window.</param>
    public LatencySummary Read(int seconds)
    {
        var sum = new long[Buckets];
        lock (_gate)
        {
            var oldest = Now() - Math.Min(seconds, _slots.Length);
            for (var slot = 0; slot < _slots.Length; slot++)
            {
                if (_seconds[slot] > oldest)
                {
                    for (var bucket = 0; bucket < Buckets; bucket++)
                    {
                        sum[bucket] += _slots[slot][bucket];
                    }
                }
            }
        }

        var count = sum.Sum();
        return count == 0 ? default
            : new(count, At(sum, count, 0.50), At(sum, count, 0.95), At(sum, count, 0.99), Middle(Array.FindLastIndex(sum, n => n > 0)));
    }

    private static double At(long[] sum, long count, double share)
    {
        var rank = Math.Max(1, (long)Math.Ceiling(share * count));
        var seen = 0L;
        var bucket = -1;
        while (seen < rank)
        {
            seen += sum[++bucket];
        }

        return Middle(bucket);
    }

    private static int BucketOf(long microseconds)
    {
        var shift = Math.Max(0, BitOperations.Log2((ulong)microseconds | 1) - SubBits);
        return (shift * SubBuckets) + (int)(microseconds >> shift);
    }

    private static double Middle(int bucket)
    {
        var shift = Math.Max(0, (bucket / SubBuckets) - 1);
        var least = (long)(bucket - (shift * SubBuckets)) << shift;
        return (least + ((1L << shift) / 2.0)) / 1e6;
    }

    private int[] Slot(long second)
    {
        var slot = second % _slots.Length;
        if (_seconds[slot] != second)
        {
            Array.Clear(_slots[slot]);
            _seconds[slot] = second;
        }

        return _slots[slot];
    }

    private long Now() => (long)_time.GetElapsedTime(_start).TotalSeconds;
}
