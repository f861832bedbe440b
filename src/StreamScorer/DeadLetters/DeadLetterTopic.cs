using Confluent.Kafka;
using StreamScorer.Configure;
using StreamScorer.Consume;
using StreamScorer.Operate;
using StreamScorer.Score;
using StreamScorer.Topics;

namespace StreamScorer.DeadLetters;

/// <summary>The dead-letter topic as it was when a command began: first the markers of former replays are read, then the letters, as often as wanted.</summary>
internal sealed class DeadLetterTopic
{
    private readonly RangeReader<byte[]?> _reader;
    private readonly TopicRange _range;
    private readonly HashSet<(int Partition, long Offset)> _replayed = [];

    private DeadLetterTopic(Settings settings, TopicRange range)
    {
        _range = range;
        _reader = new RangeReader<byte[]?>(settings.Kafka, IsolationLevel.ReadCommitted, Bytes.Instance);
    }

    public static async Task<DeadLetterTopic> OpenAsync(Settings settings, Cluster cluster, DeadLetterFilter filter, Progress progress, CancellationToken stop)
    {
        // A letter is never written before the time asked for, nor is its marker; the original's time says nothing about where it stands.
        var since = filter.Time == LetterTime.Dead ? filter.Since : null;
        var topic = new DeadLetterTopic(settings, await TopicRange.WholeAsync(cluster, settings.Publish.DeadLetterTopic, since));
        await Task.Run(() => topic.ReadMarkers(progress, stop), stop);
        return topic;
    }

    /// <summary>One dead letter by its place in the dead-letter topic.</summary>
    /// <exception cref="StartupException">There is none.</exception>
    public static DeadLetter Find(Settings settings, Cluster cluster, int partition, long offset, CancellationToken stop)
    {
        var topic = settings.Publish.DeadLetterTopic;
        if (!cluster.Partitions(topic).Contains(partition))
        {
            throw new StartupException($"'{topic}' has no partition {partition}; it has {cluster.Partitions(topic).Count}, counted from 0.");
        }

        var range = TopicRange.ResolveAsync(cluster, topic, new RangeBound("AT", Partitions: new Dictionary<int, long> { [partition] = offset }), null).GetAwaiter().GetResult();
        DeadLetter? found = null;
        var one = range with { Ranges = [range.Ranges[0] with { To = Math.Min(range.Ranges[0].To, offset + 1) }] };
        new RangeReader<byte[]?>(settings.Kafka, IsolationLevel.ReadCommitted, Bytes.Instance).Read(one, record => found = record.Offset == offset ? DeadLetter.Read(record) : null, stop);
        return found ?? throw new StartupException($"There is no dead letter at {partition}:{offset} of '{topic}'. 'dead-letters list' shows where they are.");
    }

    /// <summary>Every letter that the filter matches, in order within a partition.</summary>
    public void Read(DeadLetterFilter filter, Action<DeadLetter, bool> take, CancellationToken stop) => _reader.Read(
        _range,
        record =>
        {
            if (DeadLetter.Read(record) is { } letter && filter.Matches(letter))
            {
                take(letter, _replayed.Contains((letter.Partition, letter.Offset)));
            }
        },
        stop);

    private void ReadMarkers(Progress progress, CancellationToken stop) => _reader.Read(
        _range,
        record =>
        {
            if (ReplayMarker.Read(record.Message.Headers) is { } offset)
            {
                _replayed.Add((record.Partition.Value, offset));
            }

            progress.Add(1);
        },
        stop);
}
