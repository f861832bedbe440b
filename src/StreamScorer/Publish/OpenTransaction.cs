using Confluent.Kafka;

namespace StreamScorer.Publish;

/// <summary>What went into the open transaction: whole micro-batches, less what was void by then.</summary>
internal sealed class OpenTransaction
{
    private readonly Dictionary<TopicPartition, (int Epoch, long Next)> _positions = [];
    private readonly List<Entry> _entries = [];

    public IReadOnlyList<Entry> Entries => _entries;

    public long Bytes { get; private set; }

    /// <summary>The offsets that must become final together with the outcomes: the last one + 1 of each partition.</summary>
    public IReadOnlyCollection<TopicPartitionOffset> Offsets => [.. _positions.Select(p => new TopicPartitionOffset(p.Key, p.Value.Next))];

    /// <summary>Under which assignment the records of each partition were consumed.</summary>
    public IEnumerable<KeyValuePair<TopicPartition, int>> Epochs => _positions.Select(p => KeyValuePair.Create(p.Key, p.Value.Epoch));

    public void Add(IReadOnlyList<Entry> entries)
    {
        _entries.AddRange(entries);
        foreach (var source in entries.Select(entry => entry.Source))
        {
            Bytes += source.Bytes;
            _positions[new TopicPartition(source.Topic, source.Partition)] = (source.Epoch, source.Offset + 1);
        }
    }
}
