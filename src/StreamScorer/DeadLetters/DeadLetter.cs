using System.Globalization;
using System.Text;
using Confluent.Kafka;
using StreamScorer.Publish;

namespace StreamScorer.DeadLetters;

/// <summary>One record of the dead-letter topic, read.</summary>
/// <param name="DeadAt">When it was written there, Unix milliseconds.</param>
/// <param name="Timestamp">The original record's own timestamp, Unix milliseconds.</param>
/// <param name="Replays">How often it, or what it is a copy of, has been replayed before it came here.</param>
internal sealed record DeadLetter(
    int Partition,
    long Offset,
    string Reason,
    string Message,
    string SourceTopic,
    int SourcePartition,
    long SourceOffset,
    long Timestamp,
    long DeadAt,
    int Replays,
    byte[]? Key,
    byte[]? Value,
    Headers Headers)
{
    /// <summary>All headers that the worker adds begin so; a replay takes them off again.</summary>
    public const string Prefix = "dlq.";

    /// <summary>Counts the replays of a record. The only one of our headers that goes along with a replayed copy.</summary>
    public const string HeaderReplays = "dlq.replays";

    /// <returns>Null when the record is no dead letter: a marker of a replay, a tombstone, a stranger's.</returns>
    public static DeadLetter? Read(ConsumeResult<byte[]?, byte[]?> record)
    {
        var headers = record.Message.Headers;
        return Text(headers, Outcomes.HeaderReason) is { } reason
            && Text(headers, Outcomes.HeaderTopic) is { } topic
            && Number(headers, Outcomes.HeaderPartition) is { } partition
            && Number(headers, Outcomes.HeaderOffset) is { } offset
            ? new DeadLetter(
                record.Partition.Value,
                record.Offset.Value,
                reason,
                Text(headers, Outcomes.HeaderMessage) ?? "",
                topic,
                (int)partition,
                offset,
                Number(headers, Outcomes.HeaderTimestamp) ?? -1,
                record.Message.Timestamp.UnixTimestampMs,
                (int)Math.Clamp(Number(headers, HeaderReplays) ?? 0, 0, int.MaxValue),
                record.Message.Key,
                record.Message.Value,
                headers)
            : null;
    }

    /// <summary>The original record as it goes back: our own headers taken off, but for the count of replays.</summary>
    public Message<byte[]?, byte[]?> Original()
    {
        var headers = new Headers();
        foreach (var header in Headers.Where(h => !h.Key.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            headers.Add(header.Key, header.GetValueBytes());
        }

        headers.Add(HeaderReplays, (Replays + 1).ToString(CultureInfo.InvariantCulture), Encoding.UTF8);
        return new Message<byte[]?, byte[]?> { Key = Key, Value = Value, Headers = headers };
    }

    private static string? Text(Headers headers, string name) => headers.TryGetLastBytes(name, out var bytes) && bytes is not null ? Encoding.UTF8.GetString(bytes) : null;

    private static long? Number(Headers headers, string name) => long.TryParse(Text(headers, name), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;
}
