using System.Globalization;
using StreamScorer.Commands;

namespace StreamScorer.Audit;

/// <summary>The report for people.</summary>
internal static class AuditTable
{
    private static readonly (string Head, Func<PartitionReport, object?> Cell)[] Columns =
    [
        ("partition", p => p.Partition ?? (object)"all"),
        ("from", p => p.From),
        ("to", p => p.To),
        ("consumed", p => p.Consumed),
        ("scored", p => p.Scored),
        ("dead-lettered", p => p.DeadLettered),
        ("filtered", p => p.Filtered),
        ("missing", p => p.Missing),
        ("doubled", p => p.Doubled),
        ("out of order", p => p.OutOfOrder),
        ("unexpected", p => p.Unexpected),
        ("flagged", p => p.Flagged),
        ("flagged wrong", p => p.FlaggedFaults),
    ];

    public static void Write(AuditReport report, TextWriter output)
    {
        var rows = report.Partitions.Append(report.Total).Select(p => Columns.Select(c => Convert.ToString(c.Cell(p), CultureInfo.InvariantCulture) ?? "").ToArray());
        TextTable.Write(output, [.. Columns.Select(c => c.Head)], [.. rows], isNumber: _ => true);
        foreach (var partition in report.Partitions)
        {
            foreach (var (kind, offsets) in partition.Examples ?? new Dictionary<string, string>())
            {
                output.WriteLine($"partition {partition.Partition}, {kind}: offset {offsets}");
            }
        }

        foreach (var (topic, strays) in report.Strays)
        {
            Count(output, topic, strays.Unreadable, "FAULT: {0} records are no outcomes of this program");
            Count(output, topic, strays.OfNoRecord, "FAULT: {0} outcomes name a partition or an offset that the input does not have");
            Count(output, topic, strays.OutsideRange, "{0} outcomes of records outside the range were passed over");
            Count(output, topic, strays.OtherTopic, "{0} outcomes of other input topics were passed over");
            Count(output, topic, strays.NoOutcomes, "{0} tombstones or markers of replays");
        }

        foreach (var note in report.Notes)
        {
            output.WriteLine(note);
        }

        output.WriteLine(Verdict(report));
    }

    private static string Verdict(AuditReport report)
    {
        var t = report.Total;
        var sum = FormattableString.Invariant($"{t.Consumed} consumed = {t.Scored} scored + {t.DeadLettered} dead-lettered + {t.Filtered} filtered");
        return report.IsFine
            ? $"Fine: {sum}; each once, in order."
            : FormattableString.Invariant($"DIFFERENCE: {sum} + {t.Missing} missing; {t.Doubled} doubled, {t.OutOfOrder} out of order, {t.Unexpected} unexpected, {t.WrongResultIds} wrong result ids, {t.FlaggedFaults} wrong in the flagged topic, {report.Strays.Values.Sum(s => s.Faults)} strangers.");
    }

    private static void Count(TextWriter output, Output topic, long count, string sentence)
    {
        if (count > 0)
        {
            output.WriteLine($"{topic switch { Output.Scored => "scored", Output.DeadLetter => "dead letters", _ => "flagged" }}: {string.Format(CultureInfo.InvariantCulture, sentence, count)}");
        }
    }
}
