using System.Buffers;
using Confluent.Kafka;
using StreamScorer.Operate.Tracing;
using StreamScorer.Shared.Contracts;
using StreamScorer.Shared.Encode;
using StreamScorer.Shared.Group;
using StreamScorer.Shared.Judge;

namespace StreamScorer;

/// <summary>A record as it was consumed. Outside a stream (the <c>score</c> command) a line of input.</summary>
/// <param name="Timestamp">The record's own timestamp, Unix milliseconds.</param>
/// <param name="ConsumedAt">Unix milliseconds.</param>
/// <param name="ConsumedTicks">The same moment on the monotonic clock, for durations.</param>
/// <param name="Epoch">Number of the assignment under which the partition was owned; a completion of an older one is void.</param>
/// <param name="Id">An id known before decoding, such as a column of a CSV file.</param>
internal sealed record SourceRecord(
    string Topic,
    int Partition,
    long Offset,
    long Timestamp,
    byte[]? Key,
    byte[]? Value,
    Headers? Headers,
    long ConsumedAt,
    long ConsumedTicks,
    int Epoch = 0,
    string? Id = null)
{
    /// <summary>What it weighs in memory, near enough for limits.</summary>
    public int Bytes
    {
        get
        {
            var bytes = (Value?.Length ?? 0) + (Key?.Length ?? 0) + 64;
            for (var i = 0; i < (Headers?.Count ?? 0); i++)
            {
                bytes += Headers![i].Key.Length + (Headers[i].GetValueBytes()?.Length ?? 0);
            }

            return bytes;
        }
    }
}

/// <summary>One record on its way, with all that the steps make of it. At most one of Post and Reject is set; neither: filtered.</summary>
internal sealed class Entry(SourceRecord source)
{
    public SourceRecord Source { get; } = source;

    public Post? Post { get; set; }

    public Reject? Reject { get; set; }

    /// <summary>Token ids, as a rule a slice of the micro-batch's arena; valid until Infer is done with it.</summary>
    public EncodedPost Encoded { get; set; }

    public int TokenCount { get; set; }

    /// <summary>Rows that the model reads the text in.</summary>
    public int SegmentCount { get; set; } = 1;

    public bool Truncated { get; set; }

    public Verdict? Verdict { get; set; }

    /// <summary>Null unless somebody traces this record.</summary>
    public RecordTrace? Trace { get; set; }

    /// <summary>What goes out for it, in this order; given back once the producer has it.</summary>
    public IReadOnlyList<Outgoing> Outgoing { get; set; } = [];

    /// <summary>Start and length of the model call it was part of, monotonic ticks.</summary>
    public long InferStart { get; set; }

    public long InferTicks { get; set; }
}

/// <summary>A record on its way out.</summary>
internal readonly record struct Outgoing(string Topic, Message<byte[]?, byte[]?> Message);

/// <summary>
/// The unit that travels: a run of records in the order they were consumed, from several partitions. Micro-batches never
/// overtake each other, so settling one settles the last offset + 1 of each of its partitions and output order is input order.
/// </summary>
internal sealed class MicroBatch(IReadOnlyList<Entry> entries, long bytes)
{
    private readonly List<int[]> _arenas = [];

    /// <summary>Keys and values of its records.</summary>
    public long Bytes { get; } = bytes;

    /// <summary>In the order they were consumed.</summary>
    public IReadOnlyList<Entry> Entries { get; } = entries;

    /// <summary>The entries that have tokens, in order; what <see cref="Grouping"/> groups are their segments, one after the other.</summary>
    public IReadOnlyList<Entry> Scorable { get; set; } = [];

    public Grouping? Grouping { get; set; }

    /// <summary>Null unless it holds records that are traced.</summary>
    public BatchTrace? Trace { get; set; }

    public int[] RentArena(int length)
    {
        var arena = ArrayPool<int>.Shared.Rent(length);
        lock (_arenas)
        {
            _arenas.Add(arena);
        }

        return arena;
    }

    /// <summary>Gives the token memory back once the model has read it.</summary>
    public void ReleaseTokens()
    {
        foreach (var entry in Entries)
        {
            entry.Encoded = default;
        }

        Grouping = null;
        foreach (var arena in _arenas)
        {
            ArrayPool<int>.Shared.Return(arena);
        }

        _arenas.Clear();
    }
}
