using System.Text.Json.Serialization;

namespace StreamScorer.Recover;

/// <summary>A run of offsets of one partition.</summary>
/// <param name="End">The offset after the last one.</param>
/// <param name="Timestamp">Of the first record; tells it from another one at the same place of a topic that was made anew.</param>
internal sealed record OffsetRange(string Topic, int Partition, long First, long End, long Timestamp)
{
    [JsonIgnore]
    public bool IsOneRecord => End - First == 1;

    public bool Holds(SourceRecord record) => IsOf(record.Topic, record.Partition) && record.Offset >= First && record.Offset < End;

    public bool IsOf(string topic, int partition) => Partition == partition && Topic == topic;

    /// <returns>Null: they have no record in common.</returns>
    public OffsetRange? Common(OffsetRange other)
    {
        var later = First >= other.First ? this : other;
        var end = Math.Min(End, other.End);
        return IsOf(other.Topic, other.Partition) && later.First < end ? later with { End = end } : null;
    }
}

/// <summary>Records that were at work at every one of the last crashes.</summary>
/// <param name="Alone">Crashes at which it was one record and nothing else was at work.</param>
internal sealed record Suspect(OffsetRange Range, int Crashes, int Alone)
{
    /// <summary>Twice and not once: a process that is killed from outside again and again may be at the same record once, hardly twice.</summary>
    private const int Proof = 2;

    public bool IsIsolated(int restarts) => Crashes >= restarts;

    public bool IsGuilty(int restarts) => Crashes > restarts && Alone >= Proof;
}

/// <summary>What a process leaves behind when it dies: the records at work then, and what it knew of the crashes before.</summary>
internal sealed record CrashMark(IReadOnlyList<OffsetRange> Working, IReadOnlyList<Suspect> Suspects)
{
    public static readonly CrashMark None = new([], []);

    /// <summary>
    /// What follows from a crash: whatever killed the process was at work, so it is in what was at work at this crash and at those before. A range without
    /// a record in common with an earlier one is a new suspect; an earlier one that was not at work is innocent. Guilty ones are no longer worked on at all, so they stay.
    /// </summary>
    public IReadOnlyList<Suspect> Accuse(int restarts)
    {
        if (Working.Count == 0)
        {
            return Suspects;
        }

        var guilty = Suspects.Where(suspect => suspect.IsGuilty(restarts)).ToList();
        var alone = Working is [{ IsOneRecord: true }] ? 1 : 0;
        var accused = Working.Select(range =>
            Suspects.Except(guilty).FirstOrDefault(suspect => suspect.Range.Common(range) is not null) is { } known
                ? new Suspect(known.Range.Common(range)!, known.Crashes + 1, known.Alone + alone)
                : new Suspect(range, 1, alone));
        return [.. guilty, .. accused];
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(CrashMark))]
internal sealed partial class CrashMarkJson : JsonSerializerContext;
