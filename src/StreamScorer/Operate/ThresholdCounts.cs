using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using StreamScorer.Shared.Contracts;

namespace StreamScorer.Operate;

/// <summary>How often each label reached each of its thresholds. As many series as the policy has thresholds. Thread-safe.</summary>
internal sealed class ThresholdCounts
{
    private readonly ConcurrentDictionary<(string Head, string Label, Decision Band), StrongBox<long>> _counts = new();

    public void Add(string head, string label, Decision band) => Interlocked.Increment(ref Of(head, label, band).Value);

    /// <summary>Those that can be reached exist from now on, at 0.</summary>
    public void Know(string head, string label, bool review, bool flag)
    {
        if (review)
        {
            Of(head, label, Decision.Review);
        }

        if (flag)
        {
            Of(head, label, Decision.Flag);
        }
    }

    public IEnumerable<Measurement<long>> Measure()
        => _counts.Select(pair => new Measurement<long>(
            Interlocked.Read(ref pair.Value.Value),
            new KeyValuePair<string, object?>("head", pair.Key.Head),
            new KeyValuePair<string, object?>("label", pair.Key.Label),
            new KeyValuePair<string, object?>("band", pair.Key.Band == Decision.Flag ? "flag" : "review")));

    private StrongBox<long> Of(string head, string label, Decision band)
        => _counts.TryGetValue((head, label, band), out var count) ? count : _counts.GetOrAdd((head, label, band), _ => new StrongBox<long>());
}
