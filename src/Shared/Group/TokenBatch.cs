namespace StreamScorer.Shared.Group;

/// <summary>Rows of token ids that go through the model in one call, shortest first. Reads the memory that was given to the grouper.</summary>
public sealed class TokenBatch
{
    private readonly IReadOnlyList<ReadOnlyMemory<int>> _posts;
    private readonly int[] _postOfRow;

    internal TokenBatch(IReadOnlyList<ReadOnlyMemory<int>> posts, int[] postOfRow, int firstRow, int rows, int tokens, int longestRow)
    {
        _posts = posts;
        _postOfRow = postOfRow;
        FirstRow = firstRow;
        Rows = rows;
        Tokens = tokens;
        LongestRow = longestRow;
    }

    /// <summary>Index of its first row in the grouping.</summary>
    public int FirstRow { get; }

    public int Rows { get; }

    /// <summary>Token ids in it, padding not counted.</summary>
    public int Tokens { get; }

    /// <summary>Token ids of its longest row.</summary>
    public int LongestRow { get; }

    /// <summary>Token ids of a row, without padding.</summary>
    /// <param name="row">0 to <see cref="Rows"/> - 1.</param>
    public ReadOnlySpan<int> Row(int row)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, Rows);
        return _posts[_postOfRow[FirstRow + row]].Span;
    }
}
