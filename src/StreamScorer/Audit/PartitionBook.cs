using StreamScorer.Topics;

namespace StreamScorer.Audit;

/// <summary>What is known of one offset of the input.</summary>
[Flags]
internal enum Mark : byte
{
    None = 0,

    /// <summary>There is a record; offsets that compaction, markers and aborted transactions left have none.</summary>
    Present = 1,

    /// <summary>The record has no value, so no outcome is due.</summary>
    Tombstone = 2,

    Scored = 4,
    DeadLettered = 8,

    /// <summary>Scored with a decision other than <c>allow</c>.</summary>
    FlagDue = 16,

    Flagged = 32,
}

/// <summary>The marks of one input partition, a byte an offset, in pages that are made when their first record comes; and its running counts.</summary>
internal sealed class PartitionBook(PartitionRange range)
{
    private const int PageSize = 1 << 16;
    private readonly byte[]?[] _pages = new byte[((range.To - range.From + PageSize - 1) / PageSize)][];

    public PartitionRange Range { get; } = range;

    public long Doubled { get; set; }

    public long OutOfOrder { get; set; }

    public long Unexpected { get; set; }

    public long FlaggedDoubled { get; set; }

    public long FlaggedUnexpected { get; set; }

    public long WrongResultIds { get; set; }

    /// <summary>Where the faults of each kind are.</summary>
    public SortedDictionary<string, OffsetRuns> Examples { get; } = new(StringComparer.Ordinal);

    public bool Covers(long offset) => offset >= Range.From && offset < Range.To;

    public Mark this[long offset] => _pages[(offset - Range.From) / PageSize] is { } page ? (Mark)page[(offset - Range.From) % PageSize] : Mark.None;

    public void Add(long offset, Mark mark)
    {
        var index = offset - Range.From;
        var page = _pages[index / PageSize] ??= new byte[PageSize];
        page[index % PageSize] |= (byte)mark;
    }

    public void Example(string kind, long offset)
    {
        if (!Examples.TryGetValue(kind, out var runs))
        {
            Examples[kind] = runs = new OffsetRuns();
        }

        runs.Add(offset);
    }

    /// <summary>Every offset that has a mark, in order.</summary>
    public IEnumerable<(long Offset, Mark Mark)> Marked()
    {
        for (var number = 0; number < _pages.Length; number++)
        {
            for (var i = 0; _pages[number] is { } page && i < PageSize; i++)
            {
                if (page[i] != 0)
                {
                    yield return (Range.From + ((long)number * PageSize) + i, (Mark)page[i]);
                }
            }
        }
    }
}

/// <summary>The first few runs of offsets, for people to look at: <c>17, 40-99, …</c></summary>
internal sealed class OffsetRuns
{
    private const int Most = 8;
    private readonly List<(long First, long Last)> _runs = [];
    private bool _more;

    public void Add(long offset)
    {
        if (_runs is [.., var last] && offset == last.Last + 1 && !_more)
        {
            _runs[^1] = (last.First, offset);
        }
        else if (_runs.Count == Most)
        {
            _more = true;
        }
        else
        {
            _runs.Add((offset, offset));
        }
    }

    public override string ToString()
        => string.Join(", ", _runs.Select(run => run.First == run.Last ? FormattableString.Invariant($"{run.First}") : FormattableString.Invariant($"{run.First}-{run.Last}"))) + (_more ? ", …" : "");
}
