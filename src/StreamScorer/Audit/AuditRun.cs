using System.Globalization;
using Confluent.Kafka;
using StreamScorer.Configure;
using StreamScorer.Score;
using StreamScorer.Topics;

namespace StreamScorer.Audit;

/// <summary>What is audited.</summary>
/// <param name="Group">Not null: up to what this group has committed, which is right while workers run.</param>
internal sealed record AuditRequest(RangeBound? From, RangeBound? To, string? Group, IsolationLevel Isolation, bool Compacted);

/// <summary>Reads the input range, then the outputs, and keeps the book.</summary>
internal sealed class AuditRun(Settings settings, AuditRequest request, Progress progress)
{
    /// <summary>
    /// Outputs are read from so long before the range's oldest record, by the records' own time: an outcome is written after its record, and
    /// clocks of machines differ by less.
    /// </summary>
    private static readonly TimeSpan ClockMargin = TimeSpan.FromHours(1);

    private long _read;
    private long _oldest = long.MaxValue;

    public async Task<AuditReport> RunAsync(CancellationToken stop)
    {
        using var cluster = Cluster.Connect(settings.Kafka);
        var outputs = Outputs();
        foreach (var (_, topic) in outputs)
        {
            cluster.Partitions(topic); // a mistyped name is told before minutes of reading
        }

        var range = await TopicRange.ResolveAsync(cluster, settings.Consume.Topic, request.From, request.To, request.Group);
        var book = new AuditBook(range, request.Compacted);
        await Task.Run(() => ReadInput(range, book, stop), stop);

        // Their ends are taken after the range's, so that they hold every outcome of it; the input's end once more, because a worker that
        // goes on meanwhile may already have scored what came after the range.
        var since = Since(range);
        var whole = new Dictionary<Output, TopicRange>();
        foreach (var (output, topic) in outputs)
        {
            whole[output] = await TopicRange.WholeAsync(cluster, topic, since);
        }

        book.InputEnds = await cluster.EndAsync(settings.Consume.Topic);
        foreach (var (output, _) in outputs)
        {
            await Task.Run(() => ReadOutput(output, whole[output], book, stop), stop);
        }

        var report = book.Close(settings.Consume.Topic);
        return report with { Notes = [.. Notes(report, range, whole, since)] };
    }

    private List<(Output Output, string Topic)> Outputs() =>
    [
        (Output.Scored, settings.Publish.ScoredTopic),
        (Output.DeadLetter, settings.Publish.DeadLetterTopic),
        (Output.Flagged, settings.Publish.FlaggedTopic),
    ];

    private DateTimeOffset? Since(TopicRange range)
        => range.IsWhole || _oldest is <= 0 or long.MaxValue ? null : DateTimeOffset.FromUnixTimeMilliseconds(_oldest) - ClockMargin;

    private void ReadInput(TopicRange range, AuditBook book, CancellationToken stop)
    {
        // As the worker reads it, whatever the outputs are read with.
        new RangeReader<bool>(settings.Kafka, IsolationLevel.ReadCommitted, HasValue.Instance).Read(
            range,
            record =>
            {
                book.Consumed(record.Partition.Value, record.Offset.Value, record.Message.Value);
                _oldest = Math.Min(_oldest, record.Message.Timestamp.UnixTimestampMs);
                Tick();
            },
            stop);
    }

    private void ReadOutput(Output output, TopicRange range, AuditBook book, CancellationToken stop)
    {
        if (output == Output.DeadLetter)
        {
            new RangeReader<bool>(settings.Kafka, request.Isolation, HasValue.Instance).Read(
                range,
                record =>
                {
                    book.Take(output, record.Partition.Value, Outcome.OfDeadLetter(record.Message.Headers, settings.Consume.Topic, record.Message.Value));
                    Tick();
                },
                stop);
            return;
        }

        new RangeReader<Outcome>(settings.Kafka, request.Isolation, new ScoredParser(settings.Consume.Topic)).Read(
            range,
            record =>
            {
                book.Take(output, record.Partition.Value, record.Message.Value);
                Tick();
            },
            stop);
    }

    private void Tick()
    {
        if ((++_read & 0x3FF) == 0)
        {
            progress.Add(0x400);
        }
    }

    private IEnumerable<string> Notes(AuditReport report, TopicRange range, Dictionary<Output, TopicRange> outputs, DateTimeOffset? since)
    {
        var total = report.Total;
        if (total.Consumed == 0)
        {
            yield return "The range holds no records, so nothing was shown.";
        }

        if (since is { } time)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"Outputs were read from {time:yyyy-MM-dd'T'HH:mm:ss'Z'} on, an hour before the oldest record of the range.");
        }

        var cut = outputs.Where(output => since is null && output.Value.Ranges.Any(r => r.From > 0)).Select(output => $"'{output.Value.Topic}'").ToList();
        if (total.Missing + total.FlaggedMissing > 0 && cut.Count > 0)
        {
            yield return $"The beginning of {string.Join(" and ", cut)} is gone (retention), and outcomes with it: what is missing may have been there. Begin the range later (--from).";
        }

        if (total.Missing > 0 && request.Group is null && request.To is null)
        {
            yield return "While workers run, records they have not come to yet are missing too: --group audits up to what the group has committed.";
        }

        if (total.Unexpected > 0 && !request.Compacted)
        {
            yield return "If the input topic is compacted, records may be gone that have been scored: --compacted takes no offence at that.";
        }

        if (request.Isolation == IsolationLevel.ReadUncommitted)
        {
            yield return "Read with read_uncommitted: outcomes of aborted transactions count, which ordinary consumers never see.";
        }
    }
}
