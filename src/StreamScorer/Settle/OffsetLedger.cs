using Confluent.Kafka;

namespace StreamScorer.Settle;

/// <summary>
/// What was consumed, settled and committed of each partition that is ours. A few numbers per partition are enough, because
/// micro-batches are settled whole and in order. Every assignment has an epoch; what was consumed under an older one is void.
/// One lock guards ownership and progress together, so a late completion can never move an offset of a partition that left.
/// </summary>
internal sealed partial class OffsetLedger
{
    private readonly object _gate = new(); // an object and not a Lock: Monitor.Wait is used
    private readonly Dictionary<TopicPartition, State> _partitions = [];
    private TaskCompletionSource _awaited = new(TaskCreationOptions.RunContinuationsAsynchronously);
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
    /// <returns>The epoch its completion must name, or null when the partition is not ours or has yet to be read again from where it is committed.</returns>
    public int? Consumed(TopicPartition partition, long offset)
    {
        lock (_gate)
        {
            if (!_partitions.TryGetValue(partition, out var state) || state.MustRewind)
            {
                return null;
            }

            state.Start ??= offset;
            state.Consumed = offset + 1;
            state.InFlight++;
            return state.Epoch;
        }
    }

    /// <summary>The last records of their partitions were taken back before they were worked on.</summary>
    public void Withdrawn(IEnumerable<SourceRecord> records)
    {
        lock (_gate)
        {
            foreach (var record in records)
            {
                if (Current(record) is { } state)
                {
                    state.Consumed = Math.Min(state.Consumed!.Value, record.Offset);
                    state.InFlight--;
                }
            }

            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>These have their outcomes, for good: settles the last offset + 1 of each of their partitions.</summary>
    public void Settle(IEnumerable<Entry> entries)
    {
        lock (_gate)
        {
            foreach (var entry in entries)
            {
                if (Current(entry.Source) is { } state)
                {
                    state.Settled = entry.Source.Offset + 1;
                    state.InFlight--;
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
            _awaited.TrySetResult();
            while (!IsSettledLocked(partitions))
            {
                var left = deadline - Environment.TickCount64;
                if (_aborted || left <= 0 || !Monitor.Wait(_gate, TimeSpan.FromMilliseconds(left)))
                {
                    break;
                }
            }

            _awaited = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return IsSettledLocked(partitions);
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
        => partitions.All(p => !_partitions.TryGetValue(p, out var state) || state.InFlight == 0);

    /// <summary>What is known of the record's partition, unless the record is void.</summary>
    private State? Current(SourceRecord source)
        => _partitions.TryGetValue(new TopicPartition(source.Topic, source.Partition), out var state) && state.Epoch == source.Epoch ? state : null;

    private sealed class State(int epoch)
    {
        public int Epoch { get; } = epoch;

        /// <summary>Offset of the first record since the assignment: where to begin again as long as nothing is committed.</summary>
        public long? Start { get; set; }

        /// <summary>What is read next must be what follows the committed offset; until then nothing is taken.</summary>
        public bool MustRewind { get; set; }

        /// <summary>Records on their way. Offsets do not tell: between two records there may be some without one, such as the marks of transactions.</summary>
        public int InFlight { get; set; }

        /// <summary>Where to read on: behind the last record that went on its way, or at the first that was taken back.</summary>
        public long? Consumed { get; set; }

        /// <summary>Offset after the last record whose outcome is acknowledged.</summary>
        public long? Settled { get; set; }

        public long? Committed { get; set; }
    }
}
