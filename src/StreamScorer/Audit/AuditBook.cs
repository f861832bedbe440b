using StreamScorer.Topics;

namespace StreamScorer.Audit;

/// <summary>
/// The accounting, pure: told of every input record of a range, then of every outcome, it says what is missing, doubled, out of order and
/// unexpected. Shares no code with the worker, whose claims it checks. Memory: a byte for each offset of the range.
/// </summary>
internal sealed class AuditBook
{
    private readonly SortedDictionary<int, PartitionBook> _partitions;
    private readonly Dictionary<(Output Output, int Partition, int Source), long> _lanes = [];
    private readonly Dictionary<Output, StrayCounts> _strays = new() { [Output.Scored] = new(), [Output.DeadLetter] = new(), [Output.Flagged] = new() };
    private readonly bool _compacted;

    /// <param name="compacted">The input is compacted: an outcome of an offset without a record is no fault, its record has been compacted away since.</param>
    public AuditBook(TopicRange range, bool compacted = false)
    {
        _compacted = compacted;
        _partitions = new(range.Ranges.ToDictionary(r => r.Partition, r => new PartitionBook(r)));
    }

    /// <summary>One past the last offset that any outcome can name, by partition. Outcomes behind the range and before this are merely not looked at.</summary>
    public IReadOnlyDictionary<int, long> InputEnds { get; set; } = new Dictionary<int, long>();

    public void Consumed(int partition, long offset, bool hasValue)
        => _partitions[partition].Add(offset, hasValue ? Mark.Present : Mark.Present | Mark.Tombstone);

    /// <summary>Takes note of one record of an output topic, in the order of its partition.</summary>
    /// <param name="partition">The partition of the output.</param>
    public void Take(Output output, int partition, Outcome outcome)
    {
        var strays = _strays[output];
        switch (outcome.Kind)
        {
            case OutcomeKind.Unreadable:
                strays.Unreadable++;
                return;
            case OutcomeKind.None:
                strays.NoOutcomes++;
                return;
            case OutcomeKind.OtherTopic:
                strays.OtherTopic++;
                return;
        }

        if (InputEnds.TryGetValue(outcome.Partition, out var end) ? outcome.Offset >= end : InputEnds.Count > 0)
        {
            strays.OfNoRecord++; // a partition that does not exist, or an offset nobody has written yet
        }
        else if (!_partitions.TryGetValue(outcome.Partition, out var book) || !book.Covers(outcome.Offset))
        {
            strays.OutsideRange++;
        }
        else
        {
            Enter(output, partition, book, outcome);
        }
    }

    /// <summary>Everything has been told; what is due and not there is now missing.</summary>
    public AuditReport Close(string topic)
        => new(topic, [.. _partitions.Values.Select(Close)], _strays.ToDictionary(pair => pair.Key, pair => pair.Value));

    private void Enter(Output output, int partition, PartitionBook book, Outcome outcome)
    {
        var offset = outcome.Offset;
        var before = book[offset];
        var isFlagged = output == Output.Flagged;
        if (!outcome.IdFits)
        {
            book.WrongResultIds++;
            book.Example("wrong result id", offset);
        }

        if ((before & Mark.Present) == 0 ? !_compacted : (before & Mark.Tombstone) != 0)
        {
            Unexpected(book, isFlagged, offset);
            return;
        }

        var done = before & (isFlagged ? Mark.Flagged : Mark.Scored | Mark.DeadLettered);
        book.Add(offset, (isFlagged ? Mark.Flagged : output == Output.Scored ? Mark.Scored : Mark.DeadLettered) | (outcome.NotAllowed && !isFlagged ? Mark.FlagDue : Mark.None));
        if (done != 0)
        {
            Doubled(book, isFlagged, offset);
        }
        else
        {
            Order(output, partition, book, offset); // of the first outcome only: a repetition comes late by its nature
        }
    }

    private static void Unexpected(PartitionBook book, bool isFlagged, long offset)
    {
        (book.Unexpected, book.FlaggedUnexpected) = isFlagged ? (book.Unexpected, book.FlaggedUnexpected + 1) : (book.Unexpected + 1, book.FlaggedUnexpected);
        book.Example(isFlagged ? "flagged unexpected" : "unexpected", offset);
    }

    private static void Doubled(PartitionBook book, bool isFlagged, long offset)
    {
        (book.Doubled, book.FlaggedDoubled) = isFlagged ? (book.Doubled, book.FlaggedDoubled + 1) : (book.Doubled + 1, book.FlaggedDoubled);
        book.Example(isFlagged ? "flagged doubled" : "doubled", offset);
    }

    /// <summary>Within one partition of one output the outcomes of one input partition stand in input order, so those of a key do.</summary>
    private void Order(Output output, int partition, PartitionBook book, long offset)
    {
        var lane = (output, partition, book.Range.Partition);
        if (_lanes.TryGetValue(lane, out var last) && last > offset)
        {
            book.OutOfOrder++;
            book.Example("out of order", offset);
        }
        else
        {
            _lanes[lane] = offset;
        }
    }

    private static PartitionReport Close(PartitionBook book)
    {
        long consumed = 0, scored = 0, deadLettered = 0, filtered = 0, missing = 0, flagged = 0, flaggedMissing = 0, gone = 0;
        foreach (var (offset, mark) in book.Marked())
        {
            var (isScored, isDead) = (mark.HasFlag(Mark.Scored), mark.HasFlag(Mark.DeadLettered));
            if (!mark.HasFlag(Mark.Present))
            {
                gone += isScored || isDead ? 1 : 0; // compacted away since it was scored
                continue;
            }

            consumed++;
            scored += isScored ? 1 : 0;
            deadLettered += isDead && !isScored ? 1 : 0;
            if (!isScored && !isDead)
            {
                (filtered, missing) = mark.HasFlag(Mark.Tombstone) ? (filtered + 1, missing) : (filtered, missing + 1);
                Note(book, "missing", offset, !mark.HasFlag(Mark.Tombstone));
            }

            var (due, isFlagged) = (mark.HasFlag(Mark.FlagDue), mark.HasFlag(Mark.Flagged));
            flagged += due && isFlagged ? 1 : 0;
            flaggedMissing += due && !isFlagged ? 1 : 0;
            Note(book, "flagged missing", offset, due && !isFlagged);
            book.FlaggedUnexpected += !due && isFlagged ? 1 : 0;
            Note(book, "flagged unexpected", offset, !due && isFlagged);
        }

        return new PartitionReport
        {
            Partition = book.Range.Partition,
            From = book.Range.From,
            To = book.Range.To,
            Consumed = consumed,
            Scored = scored,
            DeadLettered = deadLettered,
            Filtered = filtered,
            Missing = missing,
            Doubled = book.Doubled,
            OutOfOrder = book.OutOfOrder,
            Unexpected = book.Unexpected,
            WrongResultIds = book.WrongResultIds,
            Flagged = flagged,
            FlaggedMissing = flaggedMissing,
            FlaggedDoubled = book.FlaggedDoubled,
            FlaggedUnexpected = book.FlaggedUnexpected,
            CompactedAway = gone,
            Examples = book.Examples.ToDictionary(pair => pair.Key, pair => pair.Value.ToString()),
        };
    }

    private static void Note(PartitionBook book, string kind, long offset, bool isSo)
    {
        if (isSo)
        {
            book.Example(kind, offset);
        }
    }
}
