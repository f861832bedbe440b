using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace StreamScorer.Operate;

/// <summary>
/// One total per value of one label. Values known beforehand exist at 0 from the start, so that rates and alerts see the first event.
/// </summary>
internal sealed class LabelledCounts(string label, params ReadOnlySpan<string> known)
{
    private readonly ConcurrentDictionary<string, Count> _counts = Seed(known);

    public void Add(string value, long count = 1) => Of(value).Add(count);

    public void Know(string value) => Of(value);

    /// <summary>In ordinal order of the values.</summary>
    public IReadOnlyDictionary<string, long> Read()
        => new SortedDictionary<string, long>(_counts.ToDictionary(pair => pair.Key, pair => pair.Value.Total), StringComparer.Ordinal);

    public IEnumerable<Measurement<long>> Measure()
        => _counts.Select(pair => new Measurement<long>(pair.Value.Total, new KeyValuePair<string, object?>(label, pair.Key)));

    private static ConcurrentDictionary<string, Count> Seed(ReadOnlySpan<string> known)
    {
        var counts = new ConcurrentDictionary<string, Count>(StringComparer.Ordinal);
        foreach (var value in known)
        {
            counts[value] = new Count();
        }

        return counts;
    }

    private Count Of(string value) => _counts.TryGetValue(value, out var count) ? count : _counts.GetOrAdd(value, _ => new Count());

    private sealed class Count
    {
        private long _total;

        public long Total => Interlocked.Read(ref _total);

        public void Add(long count) => Interlocked.Add(ref _total, count);
    }
}
