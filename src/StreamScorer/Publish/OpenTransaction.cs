using Confluent.Kafka;
using StreamScorer.Operate.Tracing;

namespace StreamScorer.Publish;

/// <summary>What went into the open transaction: whole micro-batches, less what was void by then.</summary>
internal sealed class OpenTransaction
{
    private readonly Dictionary<TopicPartition, (int Epoch, long Next)> _positions = [];
    private readonly List<Entry> _entries = [];
    private readonly List<BatchTrace> _traces = [];

    public IReadOnlyList<Entry> Entries => _entries;

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
            Bytes += source.Bytes;
            _positions[new TopicPartition(source.Topic, source.Partition)] = (source.Epoch, source.Offset + 1);
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
