using StreamScorer.Audit;
using StreamScorer.Topics;

namespace StreamScorer.Tests.Audit;

/// <summary>
/// A run of a worker that never was: input records with gaps and tombstones, their outcomes in order, and then faults put in one by one on
/// records of their own, so that every count is known.
/// </summary>
internal sealed class FaultyRun
{
    private readonly Random _random;
    private readonly int _inputs;
    private readonly List<Record>[] _records;
    private readonly Dictionary<(Output Output, int Partition), List<Outcome>> _lanes = [];
    private readonly Queue<Record> _untouched;

    public FaultyRun(int seed)
    {
        _random = new Random(seed);
        _inputs = _random.Next(1, 4);
        var outputs = _random.Next(1, 4);
        _records = [.. Enumerable.Range(0, _inputs).Select(p => Records(p, outputs).ToList())];
        Expected = [.. _records.Select((records, p) => Truth(p, records))];
        foreach (var record in Interleaved())
        {
            Emit(record);
        }

        var untouched = _records.SelectMany(r => r).Where(r => !r.IsTombstone).ToArray();
        _random.Shuffle(untouched);
        _untouched = new Queue<Record>(untouched);
    }

    /// <summary>What an audit must say, kept up by every fault.</summary>
    public PartitionReport[] Expected { get; }

    public TopicRange Range => new("posts", [.. _records.Select((r, p) => new PartitionRange(p, r[0].Offset, r[^1].Offset + 3))], IsWhole: true);

    public void Spoil(int faults)
    {
        Action<Record>[] kinds = [Delay, Lose, LoseFlag, Double, DoubleAsDeadLetter, DoubleFlag, FlagWithoutCause, SpoilId];
        foreach (var kind in kinds) // moving comes before copying: a copy in between would not show that the other came late
        {
            for (var i = _random.Next(faults + 1); i > 0 && _untouched.TryDequeue(out var record); i--)
            {
                kind(record);
            }
        }

        foreach (var partition in Enumerable.Range(0, _inputs))
        {
            Invent(partition);
        }
    }

    public AuditReport Audit()
    {
        var book = new AuditBook(Range);
        foreach (var record in Interleaved())
        {
            book.Consumed(record.Partition, record.Offset, !record.IsTombstone);
        }

        foreach (var ((output, partition), outcomes) in _lanes.OrderBy(lane => lane.Key.Output))
        {
            outcomes.ForEach(outcome => book.Take(output, partition, outcome));
        }

        return book.Close("posts");
    }

    private IEnumerable<Record> Records(int partition, int outputs)
    {
        var offset = (long)_random.Next(100_000);
        for (var i = _random.Next(1, 300); i > 0; i--)
        {
            offset += _random.Next(10) == 0 ? _random.Next(2, 100_000) : 1; // compaction, markers, aborted transactions
            yield return new Record(partition, offset, _random.Next(outputs), IsTombstone: _random.Next(12) == 0, IsBad: _random.Next(8) == 0, IsFlagged: _random.Next(3) == 0);
        }
    }

    private static PartitionReport Truth(int partition, List<Record> records) => new()
    {
        Partition = partition,
        From = records[0].Offset,
        To = records[^1].Offset + 3,
        Consumed = records.Count,
        Filtered = records.Count(r => r.IsTombstone),
        Scored = records.Count(r => r.IsScored),
        DeadLettered = records.Count(r => r is { IsTombstone: false, IsBad: true }),
        Flagged = records.Count(r => r.HasFlag),
    };

    /// <summary>All partitions at once, each in its order.</summary>
    private IEnumerable<Record> Interleaved()
    {
        var next = _records.Select(r => new Queue<Record>(r)).ToList();
        var random = new Random(_inputs);
        while (next.Where(q => q.Count > 0).ToList() is { Count: > 0 } open)
        {
            yield return open[random.Next(open.Count)].Dequeue();
        }
    }

    private void Emit(Record record)
    {
        if (record.IsScored)
        {
            Lane(Output.Scored, record).Add(record.Outcome);
        }
        else if (!record.IsTombstone)
        {
            Lane(Output.DeadLetter, record).Add(record.Outcome);
        }

        if (record.HasFlag)
        {
            Lane(Output.Flagged, record).Add(record.Outcome);
        }
    }

    private List<Outcome> Lane(Output output, Record record)
        => _lanes.TryGetValue((output, record.OutPartition), out var lane) ? lane : _lanes[(output, record.OutPartition)] = [];

    private static Output Home(Record record) => record.IsScored ? Output.Scored : Output.DeadLetter;

    private void Now(Record record, Func<PartitionReport, PartitionReport> change) => Expected[record.Partition] = change(Expected[record.Partition]);

    private void Lose(Record record)
    {
        Lane(Home(record), record).Remove(record.Outcome);
        Lane(Output.Flagged, record).Remove(record.Outcome);
        Now(record, e => e with
        {
            Missing = e.Missing + 1,
            OutOfOrder = Late(record.Partition), // with the one that another came too late for
            Scored = e.Scored - (record.IsScored ? 1 : 0),
            DeadLettered = e.DeadLettered - (record.IsScored ? 0 : 1),
            Flagged = e.Flagged - (record.HasFlag ? 1 : 0),
        });
    }

    /// <summary>Behind the next outcome of the same input partition in its lane, if that one is still as it was.</summary>
    private void Delay(Record record)
    {
        var lane = Lane(Home(record), record);
        var at = lane.IndexOf(record.Outcome);
        var behind = lane.FindIndex(at + 1, o => o.Partition == record.Partition);
        if (behind >= 0 && lane[behind].Offset > record.Offset)
        {
            lane.Insert(behind + 1, record.Outcome);
            lane.RemoveAt(at);
            Now(record, e => e with { OutOfOrder = Late(record.Partition) });
        }
    }

    /// <summary>Outcomes that stand behind a greater one in their lane, by definition.</summary>
    private long Late(int partition) => _lanes.Values.Sum(lane =>
    {
        var offsets = lane.Where(o => o.Partition == partition).Select(o => o.Offset).ToList();
        return offsets.Where((offset, i) => offsets.Take(i).Any(earlier => earlier > offset)).Count();
    });

    private void LoseFlag(Record record)
    {
        if (Lane(Output.Flagged, record).Remove(record.Outcome))
        {
            Now(record, e => e with { FlaggedMissing = e.FlaggedMissing + 1, Flagged = e.Flagged - 1 });
        }
    }

    private void Double(Record record)
    {
        Lane(Home(record), record).Add(record.Outcome);
        Now(record, e => e with { Doubled = e.Doubled + 1 });
    }

    private void DoubleAsDeadLetter(Record record)
    {
        Lane(Output.DeadLetter, record).Add(record.Outcome);
        Lane(Output.DeadLetter, record).Add(record.Outcome);
        Now(record, e => e with { Doubled = e.Doubled + 2 });
    }

    private void DoubleFlag(Record record)
    {
        if (record.HasFlag)
        {
            Lane(Output.Flagged, record).Add(record.Outcome);
            Now(record, e => e with { FlaggedDoubled = e.FlaggedDoubled + 1 });
        }
    }

    private void FlagWithoutCause(Record record)
    {
        if (!record.HasFlag)
        {
            var lane = Lane(Output.Flagged, record);
            var behind = lane.FindIndex(o => o.Partition == record.Partition && o.Offset > record.Offset);
            lane.Insert(behind < 0 ? lane.Count : behind, record.Outcome);
            Now(record, e => e with { FlaggedUnexpected = e.FlaggedUnexpected + 1 });
        }
    }

    private void SpoilId(Record record)
    {
        if (record.IsScored)
        {
            var lane = Lane(Output.Scored, record);
            lane[lane.IndexOf(record.Outcome)] = record.Outcome with { IdFits = false };
            Now(record, e => e with { WrongResultIds = e.WrongResultIds + 1 });
        }
    }

    /// <summary>Outcomes of offsets without a record, and of tombstones.</summary>
    private void Invent(int partition)
    {
        var records = _records[partition];
        List<long> nothing = [records[^1].Offset + 1, records[^1].Offset + 2, .. records.Where(r => r.IsTombstone).Select(r => r.Offset).Take(2)];
        foreach (var offset in nothing)
        {
            Lane(Output.Scored, records[0]).Add(new Outcome(OutcomeKind.Outcome, partition, offset));
        }

        Expected[partition] = Expected[partition] with { Unexpected = nothing.Count };
    }

    private sealed record Record(int Partition, long Offset, int OutPartition, bool IsTombstone, bool IsBad, bool IsFlagged)
    {
        public bool IsScored => !IsTombstone && !IsBad;

        public bool HasFlag => IsScored && IsFlagged;

        public Outcome Outcome => new(OutcomeKind.Outcome, Partition, Offset, HasFlag);
    }
}
