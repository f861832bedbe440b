using Confluent.Kafka;
using StreamScorer.Operate.Tracing;

namespace StreamScorer.Publish;

/// <summary>What went into the open transaction: whole micro-batches, less what was void by then.</summary>
internal sealed class OpenTransaction
{
    /// <summary>What else is kept of a record: post, verdict, headers, references. An estimate.</summary>
    private const int RecordOverhead = 1_024;

    private readonly Dictionary<TopicPartition, (int Epoch, long Next)> _positions = [];
    private readonly List<Entry> _entries = [];
    private readonly List<BatchTrace> _traces = [];

    public IReadOnlyList<Entry> Entries => _entries;

    /// <summary>Roughly what is held in memory.</summary>
    public long Bytes { get; private set; }

    /// <summary>The offsets that must become final together with the outcomes: the last one + 1 of each partition.</summary>
    public IReadOnlyCollection<TopicPartitionOffset> Offsets => [.. _positions.Select(p => new TopicPartitionOffset(p.Key, p.Value.Next))];

    /// <summary>Under which assignment the records of each partition were consumed.</summary>
    public IEnumerable<KeyValuePair<TopicPartition, int>> Epochs => _positions.Select(p => KeyValuePair.Create(p.Key, p.Value.Epoch));

    public void Add(IReadOnlyList<Entry> entries, BatchTrace? trace = null)
    {
        _entries.AddRange(entries);
        if (trace is not null)
        {
            _traces.Add(trace);
        }

        foreach (var source in entries.Select(entry => entry.Source))
        {
            var partition = new TopicPartition(source.Topic, source.Partition);
            Bytes += source.Bytes + RecordOverhead;

            // The first epoch counts: a partition that left and came back may bring records that are in here already.
            _positions[partition] = (_positions.TryGetValue(partition, out var known) ? known.Epoch : source.Epoch, source.Offset + 1);
        }
    }

    /// <param name="step">The last one, which they have in common.</param>
    public void EndTraces(string step, long started)
    {
        foreach (var trace in _traces)
        {
            trace.Step(step, started);
            trace.End();
        }
    }

    public void VoidTraces() => _traces.ForEach(trace => trace.End(isVoid: true));
}
