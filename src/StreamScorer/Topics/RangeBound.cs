using System.Globalization;
using StreamScorer.Operate;

namespace StreamScorer.Topics;

/// <summary>One end of a range as a person writes it: an offset for every partition, offsets of some partitions, or a time.</summary>
internal sealed record RangeBound(string Option, long? Offset = null, IReadOnlyDictionary<int, long>? Partitions = null, DateTimeOffset? Time = null)
{
    /// <param name="text"><c>1000</c>, <c>0:1000,3:500</c> or a time in ISO 8601, UTC where it names no zone. Null: no bound.</param>
    /// <exception cref="StartupException">It is none of them.</exception>
    public static RangeBound? Parse(string option, string? text)
        => text is null ? null
            : Number(text) is { } offset ? new RangeBound(option, Offset: offset)
            : Pairs(option, text) is { } pairs ? new RangeBound(option, Partitions: pairs)
            : new RangeBound(option, Time: ParseTime(option, text));

    /// <exception cref="StartupException">It is no time.</exception>
    public static DateTimeOffset ParseTime(string option, string text)
        => DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time) && text.Contains('-', StringComparison.Ordinal)
            ? time
            : throw new StartupException($"{option} {text}: write an offset (1000), offsets of partitions (0:1000,3:500) or a time (2026-11-21T10:00:00Z).");

    private static Dictionary<int, long>? Pairs(string option, string text)
    {
        var pairs = new Dictionary<int, long>();
        foreach (var part in text.Split(','))
        {
            if (part.Split(':') is not [var partition, var offset] || Number(partition) is not { } p || Number(offset) is not { } o || p > int.MaxValue)
            {
                return null;
            }

            if (!pairs.TryAdd((int)p, o))
            {
                throw new StartupException($"{option} {text}: partition {p} is named twice.");
            }
        }

        return pairs;
    }

    private static long? Number(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
