using System.Globalization;
using StreamScorer.Operate;

namespace StreamScorer.DeadLetters;

/// <summary>Which time <c>--since</c> and <c>--until</c> mean.</summary>
internal enum LetterTime
{
    /// <summary>When the record became a dead letter.</summary>
    Dead,

    /// <summary>The original record's own timestamp.</summary>
    Original,
}

/// <summary>Offsets of one partition of the source topic, both ends included.</summary>
internal readonly record struct SourceOffsets(int Partition, long First, long Last)
{
    /// <param name="text"><c>3</c>, <c>3:1842</c> or <c>3:1000-2000</c>.</param>
    /// <exception cref="StartupException">It is none of them.</exception>
    public static SourceOffsets Parse(string text)
    {
        var parts = text.Split(':', 2);
        var offsets = parts.Length == 2 ? parts[1].Split('-', 2) : ["0", long.MaxValue.ToString(CultureInfo.InvariantCulture)];
        return int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var partition)
            && long.TryParse(offsets[0], NumberStyles.None, CultureInfo.InvariantCulture, out var first)
            && long.TryParse(offsets[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var last)
            && first <= last
            ? new SourceOffsets(partition, first, last)
            : throw new StartupException($"--source {text}: write a partition (3), an offset of it (3:1842) or offsets (3:1000-2000) of the source topic.");
    }
}

/// <summary>Which dead letters a command is about. What is not set matches all.</summary>
internal sealed record DeadLetterFilter
{
    public IReadOnlyList<string> Reasons { get; init; } = [];

    public DateTimeOffset? Since { get; init; }

    /// <summary>Itself not included.</summary>
    public DateTimeOffset? Until { get; init; }

    public LetterTime Time { get; init; }

    public string? SourceTopic { get; init; }

    public IReadOnlyList<SourceOffsets> Sources { get; init; } = [];

    public bool Matches(DeadLetter letter)
    {
        var time = Time == LetterTime.Dead ? letter.DeadAt : letter.Timestamp;
        return (Reasons.Count == 0 || Reasons.Contains(letter.Reason))
            && (Since is not { } since || time >= since.ToUnixTimeMilliseconds())
            && (Until is not { } until || time < until.ToUnixTimeMilliseconds())
            && (SourceTopic is null || SourceTopic == letter.SourceTopic)
            && (Sources.Count == 0 || Sources.Any(s => s.Partition == letter.SourcePartition && letter.SourceOffset >= s.First && letter.SourceOffset <= s.Last));
    }
}
