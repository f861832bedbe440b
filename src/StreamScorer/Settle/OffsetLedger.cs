using Confluent.Kafka;

namespace StreamScorer.Settle;

/// <summary>
/// What was consumed, settled and committed of each partition that is ours. A number per partition is enough, because
/// micro-batches are settled whole and in order. Every assignment has an epoch; what was consumed under an older one is void.
/// One lock guards ownership and progress together, so a late completion can never move an offset of a partition that left.
/// </summary>
internal sealed class OffsetLedger
{
    private readonly object _gate = new(); // an object and not a Lock: Monitor.Wait is used
    private readonly Dictionary<TopicPartition, State> _partitions = [];
    private int _epoch;
    private bool _aborted;

    public IReadOnlyList<TopicPartition> Owned
    {
        get
        {
            lock (_gate)
            {
                return [.. _partitions.Keys];
            }
        }
    }

    public void Assigned(IEnumerable<TopicPartition> partitions)
    {
        lock (_gate)
        {
            _epoch++;
            foreach (var partition in partitions)
            {
                _partitions[partition] = new State(_epoch);
            }
        }
    }

    /// <summary>Takes note that the record at <paramref name="offset"/> went on its way.</summary>
    /// <returns>The epoch its completion must name, or null when the partition is not ours.</returns>
    public int? Consumed(TopicPartition partition, long offset)
    {
        lock (_gate)
        {
            if (!_partitions.TryGetValue(partition, out var state))
            {
                return null;
            }

            state.First ??= offset;
            state.Consumed = offset + 1;
            return state.Epoch;
        }
    }

    /// <summary>The records from <paramref name="offset"/> on were taken back before they were worked on.</summary>
    public void Withdrawn(TopicPartition partition, long offset)
    {
        lock (_gate)
        {
            if (_partitions.TryGetValue(partition, out var state))
            {
                state.Consumed = offset;
                Monitor.PulseAll(_gate);
            }
        }
    }

    /// <summary>Everything of this micro-batch is acknowledged: settles the last offset + 1 of each of its partitions.</summary>
    public void Settle(MicroBatch batch)
    {
        lock (_gate)
        {
            foreach (var entry in batch.Entries)
            {
                var source = entry.Source;
                if (_partitions.TryGetValue(new TopicPartition(source.Topic, source.Partition), out var state) && state.Epoch == source.Epoch)
                {
                    state.Settled = source.Offset + 1;
                }
            }

            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Offsets that are settled and not yet committed.</summary>
    public IReadOnlyList<TopicPartitionOffset> Uncommitted()
    {
        lock (_gate)
        {
            return [.. _partitions.Where(p => p.Value.Settled is { } settled && settled != p.Value.Committed)
                .Select(p => new TopicPartitionOffset(p.Key, p.Value.Settled!.Value))];
        }
    }

    public void Committed(IEnumerable<TopicPartitionOffset> offsets)
    {
        lock (_gate)
        {
            foreach (var offset in offsets)
            {
                if (_partitions.TryGetValue(offset.TopicPartition, out var state))
                {
                    state.Committed = offset.Offset.Value;
                }
            }
        }
    }

    /// <summary>Next offset to consume of each partition that is ours, where it is known.</summary>
    public IReadOnlyList<TopicPartitionOffset> Positions()
    {
        lock (_gate)
        {
            return [.. _partitions.Where(p => p.Value.Consumed is not null).Select(p => new TopicPartitionOffset(p.Key, p.Value.Consumed!.Value))];
        }
    }

    /// <summary>True when nothing of these partitions is in flight.</summary>
    public bool IsSettled(IReadOnlyCollection<TopicPartition> partitions)
    {
        lock (_gate)
        {
            return IsSettledLocked(partitions);
        }
    }

    /// <summary>Blocks until nothing of these partitions is in flight, or the limit is over, or the pipeline aborts.</summary>
    /// <returns>True when nothing is in flight.</returns>
    public bool WaitSettled(IReadOnlyCollection<TopicPartition> partitions, TimeSpan limit)
    {
        var deadline = Environment.TickCount64 + (long)limit.TotalMilliseconds;
        lock (_gate)
        {
            while (!IsSettledLocked(partitions))
            {
                var left = deadline - Environment.TickCount64;
                if (_aborted || left <= 0 || !Monitor.Wait(_gate, TimeSpan.FromMilliseconds(left)))
                {
                    return IsSettledLocked(partitions);
                }
            }

            return true;
        }
    }

    /// <summary>The partitions are no longer ours: their completions from now on are void.</summary>
    public void Released(IEnumerable<TopicPartition> partitions)
    {
        lock (_gate)
        {
            foreach (var partition in partitions)
            {
                _partitions.Remove(partition);
            }

            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Nothing more will be settled: ends every wait.</summary>
    public void Abort()
    {
        lock (_gate)
        {
            _aborted = true;
            Monitor.PulseAll(_gate);
        }
    }

    private bool IsSettledLocked(IEnumerable<TopicPartition> partitions)
        => partitions.All(p => !_partitions.TryGetValue(p, out var state) || state.Consumed is null || (state.Settled ?? state.First) >= state.Consumed);

    private sealed class State(int epoch)
    {
        public int Epoch { get; } = epoch;

        /// <summary>Offset of the first record that went on its way.</summary>
        public long? First { get; set; }

        /// <summary>Offset after the last record that went on its way.</summary>
        public long? Consumed { get; set; }

        /// <summary>Offset after the last record whose outcome is acknowledged.</summary>
        public long? Settled { get; set; }

        public long? Committed { get; set; }
    }
}
