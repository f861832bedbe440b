namespace StreamScorer.Demo;

/// <summary>Counts by the second, for a rate and its recent past.</summary>
internal sealed class RateMeter
{
    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly long _start;
    private readonly long[] _counts;
    private long _second;

    /// <param name="seconds">Length of the past that is kept.</param>
    public RateMeter(TimeProvider time, int seconds = 60)
    {
        _time = time;
        _start = time.GetTimestamp();
        _counts = new long[seconds + 1]; // and the second that is not over yet
    }

    public void Add()
    {
        lock (_gate)
        {
            Turn();
            _counts[_second % _counts.Length]++;
        }
    }

    /// <summary>Per second, of each of the last full seconds, oldest first.</summary>
    public IReadOnlyList<long> History()
    {
        lock (_gate)
        {
            Turn();
            var full = (int)Math.Min(_second, _counts.Length - 1);
            return [.. Enumerable.Range(1, full).Select(i => _counts[(_second - full + i - 1) % _counts.Length])];
        }
    }

    private void Turn()
    {
        var now = (long)_time.GetElapsedTime(_start).TotalSeconds;
        for (var second = Math.Max(_second + 1, now - _counts.Length + 1); second <= now; second++)
        {
            _counts[second % _counts.Length] = 0;
        }

        _second = Math.Max(_second, now);
    }
}
