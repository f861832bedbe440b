using Confluent.Kafka;

namespace StreamScorer.Settle;

/// <content>What transactions ask of the ledger: whose records may still go out, and the way back after an abort.</content>
internal sealed partial class OffsetLedger
{
    /// <summary>Completes when somebody waits for what is in flight to be settled: an open transaction should not be kept open any longer.</summary>
    public Task Awaited
    {
        get
        {
            lock (_gate)
            {
                return _awaited.Task;
            }
        }
    }

    /// <summary>Partitions that have to be read again from the committed offset, each with the offset that counts when none is committed.</summary>
    public IReadOnlyList<TopicPartitionOffset> Rewinding
    {
        get
        {
            // Asked before each poll, and empty but after an abort: that costs nothing to say.
            List<TopicPartitionOffset>? rewinding = null;
            lock (_gate)
            {
                foreach (var (partition, state) in _partitions)
                {
                    if (state.MustRewind)
                    {
                        (rewinding ??= []).Add(new TopicPartitionOffset(partition, state.Start!.Value));
                    }
                }
            }

            return rewinding ?? (IReadOnlyList<TopicPartitionOffset>)[];
        }
    }

    /// <summary>Which entries of a micro-batch still count, and which are void because their partition left or was rewound meanwhile.</summary>
    public (IReadOnlyList<Entry> Current, IReadOnlyList<Entry> Void) Sort(MicroBatch batch)
    {
        lock (_gate)
        {
            var current = new List<Entry>(batch.Entries.Count);
            var gone = new List<Entry>();
            foreach (var entry in batch.Entries)
            {
                (Current(entry.Source) is null ? gone : current).Add(entry);
            }

            return (current, gone);
        }
    }

    /// <summary>Whether all of these partitions are ours, in the same assignment as when these were their epochs.</summary>
    public bool AreCurrent(IEnumerable<KeyValuePair<TopicPartition, int>> epochs)
    {
        lock (_gate)
        {
            return epochs.All(p => _partitions.TryGetValue(p.Key, out var state) && state.Epoch == p.Value);
        }
    }

    /// <summary>
    /// The transaction was aborted: whatever is in flight is void, and its partitions must be read again from where they are committed,
    /// because what comes after the aborted records may not go out before them.
    /// </summary>
    public void Void()
    {
        lock (_gate)
        {
            foreach (var partition in _partitions.Keys.Where(partition => !IsSettledLocked([partition])).ToList())
            {
                _partitions[partition] = new State(++_epoch) { Start = _partitions[partition].Start, MustRewind = true };
            }

            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>The partition is read again from where it is committed: its records count from now on.</summary>
    public void Rewound(TopicPartition partition)
    {
        lock (_gate)
        {
            if (_partitions.TryGetValue(partition, out var state))
            {
                state.MustRewind = false;
            }
        }
    }
}
