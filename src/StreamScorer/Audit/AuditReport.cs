using System.Text.Json.Serialization;
using StreamScorer.Shared.Contracts;

namespace StreamScorer.Audit;

/// <summary>The output topics, by what they hold.</summary>
[JsonConverter(typeof(SnakeCaseEnumConverter<Output>))]
internal enum Output
{
    Scored,
    DeadLetter,
    Flagged,
}

/// <summary>The counts of one input partition, or their sum. Always: consumed = scored + dead-lettered + filtered + missing.</summary>
internal sealed record PartitionReport
{
    /// <summary>Null in the sum.</summary>
    public int? Partition { get; init; }

    public long? From { get; init; }

    /// <summary>One past the last offset.</summary>
    public long? To { get; init; }

    /// <summary>Records in the range.</summary>
    public long Consumed { get; init; }

    /// <summary>Records with a scored outcome.</summary>
    public long Scored { get; init; }

    /// <summary>Records with a dead letter and no scored outcome.</summary>
    public long DeadLettered { get; init; }

    /// <summary>Tombstones.</summary>
    public long Filtered { get; init; }

    /// <summary>Records without any outcome.</summary>
    public long Missing { get; init; }

    /// <summary>Outcomes beyond a record's first.</summary>
    public long Doubled { get; init; }

    /// <summary>First outcomes that stand behind one of a later record, within one partition of an output.</summary>
    public long OutOfOrder { get; init; }

    /// <summary>Outcomes of offsets that hold no record, or a tombstone.</summary>
    public long Unexpected { get; init; }

    /// <summary>Scored or flagged records whose result id is not the one of their source and model.</summary>
    public long WrongResultIds { get; init; }

    /// <summary>Records scored with a decision other than allow that are in the flagged topic.</summary>
    public long Flagged { get; init; }

    public long FlaggedMissing { get; init; }

    public long FlaggedDoubled { get; init; }

    public long FlaggedUnexpected { get; init; }

    /// <summary>With <c>--compacted</c>: offsets that have an outcome and no record any more. No fault.</summary>
    public long CompactedAway { get; init; }

    /// <summary>The first offsets of each kind of fault.</summary>
    public IReadOnlyDictionary<string, string>? Examples { get; init; }

    [JsonIgnore]
    public long FlaggedFaults => FlaggedMissing + FlaggedDoubled + FlaggedUnexpected;

    [JsonIgnore]
    public long Faults => Missing + Doubled + OutOfOrder + Unexpected + WrongResultIds + FlaggedFaults;
}

/// <summary>Records of an output that belong to no record of the range.</summary>
internal sealed class StrayCounts
{
    /// <summary>A fault: not an outcome that this program knows.</summary>
    public long Unreadable { get; set; }

    /// <summary>A fault: names a partition that does not exist, or an offset that nobody has written.</summary>
    public long OfNoRecord { get; set; }

    public long OutsideRange { get; set; }

    public long OtherTopic { get; set; }

    /// <summary>Tombstones and markers of replays.</summary>
    public long NoOutcomes { get; set; }

    [JsonIgnore]
    public long Faults => Unreadable + OfNoRecord;
}

internal sealed record AuditReport(string Topic, IReadOnlyList<PartitionReport> Partitions, IReadOnlyDictionary<Output, StrayCounts> Strays)
{
    public PartitionReport Total { get; } = Sum(Partitions);

    /// <summary>Sentences for people: what the figures alone do not say.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    public bool IsFine => Total.Faults == 0 && Strays.Values.All(s => s.Faults == 0);

    private static PartitionReport Sum(IReadOnlyList<PartitionReport> all) => new()
    {
        Consumed = all.Sum(p => p.Consumed),
        Scored = all.Sum(p => p.Scored),
        DeadLettered = all.Sum(p => p.DeadLettered),
        Filtered = all.Sum(p => p.Filtered),
        Missing = all.Sum(p => p.Missing),
        Doubled = all.Sum(p => p.Doubled),
        OutOfOrder = all.Sum(p => p.OutOfOrder),
        Unexpected = all.Sum(p => p.Unexpected),
        WrongResultIds = all.Sum(p => p.WrongResultIds),
        Flagged = all.Sum(p => p.Flagged),
        FlaggedMissing = all.Sum(p => p.FlaggedMissing),
        FlaggedDoubled = all.Sum(p => p.FlaggedDoubled),
        FlaggedUnexpected = all.Sum(p => p.FlaggedUnexpected),
        CompactedAway = all.Sum(p => p.CompactedAway),
    };
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, WriteIndented = true)]
[JsonSerializable(typeof(AuditReport))]
internal sealed partial class AuditJson : JsonSerializerContext;
