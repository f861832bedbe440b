using StreamScorer.Operate;
using StreamScorer.Shared.Contracts;

namespace StreamScorer.Demo;

/// <summary>A post of the flagged topic, as the screen shows it.</summary>
/// <param name="Probability">The highest of the labels that raised the decision.</param>
internal sealed record FlaggedPost(string Id, Decision Decision, IReadOnlyList<string> Labels, float Probability);

/// <summary>
/// What was sent and what came of it. Every outcome names the partition and offset of its record, so a second outcome of the same
/// record is seen. Thread-safe.
/// </summary>
internal sealed class OutcomeBook(TimeProvider time)
{
    /// <summary>Flagged posts that are kept for the screen.</summary>
    private const int Latest = 12;

    private readonly Lock _gate = new();
    private readonly Dictionary<(string Topic, int Partition), BitSet> _settled = [];
    private readonly SortedDictionary<string, long> _flags = new(StringComparer.Ordinal);
    private readonly long[] _decisions = new long[Enum.GetValues<Decision>().Length];
    private readonly Queue<FlaggedPost> _latest = [];
    private readonly LatencyWindow _latency = new(time, TimeSpan.FromMinutes(1));
    private readonly RateMeter _rate = new(time);
    private OutcomeCounts _counts = new();

    public OutcomeCounts Counts
    {
        get
        {
            lock (_gate)
            {
                return _counts;
            }
        }
    }

    /// <summary>Records sent that have no outcome yet. A tombstone has none and does not wait.</summary>
    public long Waiting => Counts.Waiting;

    public IReadOnlyList<long> RateHistory => _rate.History();

    /// <summary>From the record's timestamp to the arrival of its outcome, over the last minute.</summary>
    public LatencySummary Latency => _latency.Read();

    public IReadOnlyDictionary<Decision, long> Decisions
    {
        get
        {
            lock (_gate)
            {
                return Enum.GetValues<Decision>().ToDictionary(decision => decision, decision => _decisions[(int)decision]);
            }
        }
    }

    public IReadOnlyDictionary<string, long> Flags
    {
        get
        {
            lock (_gate)
            {
                return new SortedDictionary<string, long>(_flags, StringComparer.Ordinal);
            }
        }
    }

    /// <summary>Newest first.</summary>
    public IReadOnlyList<FlaggedPost> LatestFlagged
    {
        get
        {
            lock (_gate)
            {
                return [.. _latest.Reverse()];
            }
        }
    }

    public void Sent() => Count(counts => counts with { Sent = counts.Sent + 1 });

    public void Acknowledged(bool tombstone, bool persisted) => Count(counts => persisted
        ? counts with { Tombstones = counts.Tombstones + (tombstone ? 1 : 0) }
        : counts with { SendFailures = counts.SendFailures + 1 });

    public void Scored(RecordSource source, Decision decision, IReadOnlyList<string> flags)
    {
        lock (_gate)
        {
            if (!Settle(source))
            {
                return;
            }

            _counts = _counts with { Scored = _counts.Scored + 1 };
            _decisions[(int)decision]++;
            foreach (var flag in flags)
            {
                _flags[flag] = _flags.GetValueOrDefault(flag) + 1;
            }
        }
    }

    public void DeadLettered(RecordSource source)
    {
        lock (_gate)
        {
            if (Settle(source))
            {
                _counts = _counts with { DeadLettered = _counts.DeadLettered + 1 };
            }
        }
    }

    /// <summary>A record of the flagged topic; it is a copy of a scored one and no outcome of its own.</summary>
    public void Flagged(FlaggedPost post)
    {
        lock (_gate)
        {
            _counts = _counts with { Flagged = _counts.Flagged + 1 };
            _latest.Enqueue(post);
            if (_latest.Count > Latest)
            {
                _latest.Dequeue();
            }
        }
    }

    private bool Settle(RecordSource source)
    {
        if (!_settled.TryGetValue((source.Topic, source.Partition), out var settled))
        {
            _settled[(source.Topic, source.Partition)] = settled = new BitSet();
        }

        if (!settled.Add(source.Offset))
        {
            _counts = _counts with { Repeated = _counts.Repeated + 1 };
            return false;
        }

        _rate.Add();
        _latency.Record((time.GetUtcNow().ToUnixTimeMilliseconds() - source.Timestamp) / 1_000.0);
        return true;
    }

    private void Count(Func<OutcomeCounts, OutcomeCounts> change)
    {
        lock (_gate)
        {
            _counts = change(_counts);
        }
    }

    /// <summary>One bit an offset: a day of 1,000 posts a second takes 11 MB.</summary>
    private sealed class BitSet
    {
        private readonly List<ulong> _words = [];

        /// <returns>False when it was there already.</returns>
        public bool Add(long offset)
        {
            var word = (int)(offset >> 6);
            while (_words.Count <= word)
            {
                _words.Add(0);
            }

            var bit = 1UL << (int)(offset & 63);
            var isNew = (_words[word] & bit) == 0;
            _words[word] |= bit;
            return isNew;
        }
    }
}

/// <summary>Totals of the demo so far.</summary>
internal sealed record OutcomeCounts
{
    public long Sent { get; init; }

    /// <summary>Not acknowledged by the broker.</summary>
    public long SendFailures { get; init; }

    /// <summary>Acknowledged records without a value.</summary>
    public long Tombstones { get; init; }

    public long Scored { get; init; }

    public long DeadLettered { get; init; }

    /// <summary>Records of the flagged topic.</summary>
    public long Flagged { get; init; }

    /// <summary>Outcomes of a record that had one already; not in the other totals.</summary>
    public long Repeated { get; init; }

    public long Outcomes => Scored + DeadLettered;

    /// <summary>Never below zero: others may write to the topic too.</summary>
    public long Waiting => Math.Max(0, Sent - SendFailures - Tombstones - Outcomes);
}
