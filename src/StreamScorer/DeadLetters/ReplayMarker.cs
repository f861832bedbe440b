using System.Globalization;
using System.Text;
using Confluent.Kafka;
using StreamScorer.Publish;

namespace StreamScorer.DeadLetters;

/// <summary>
/// What a replay leaves behind each dead letter it has copied, in the same partition and the same transaction, so that no later run copies it
/// once more. A key of its own and a value: so compaction neither refuses nor loses it, and removes no letter for it.
/// </summary>
internal static class ReplayMarker
{
    /// <summary>Its only header: the letter's offset in this partition.</summary>
    public const string Header = "dlq.replayed";

    public static Message<byte[]?, byte[]?> For(DeadLetter letter, string to)
    {
        var offset = letter.Offset.ToString(CultureInfo.InvariantCulture);
        return new Message<byte[]?, byte[]?>
        {
            Key = Encoding.UTF8.GetBytes($"{Header}:{letter.Partition}:{offset}"),
            Value = Encoding.UTF8.GetBytes(to),
            Headers = new Headers { { Header, offset, Encoding.UTF8 } },
        };
    }

    /// <returns>The offset of the letter that was replayed; null when the record is no marker.</returns>
    public static long? Read(Headers headers)
        => headers.TryGetLastBytes(Header, out var bytes) && long.TryParse(bytes, NumberStyles.None, CultureInfo.InvariantCulture, out var offset) ? offset : null;
}
