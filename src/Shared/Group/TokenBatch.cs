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

    /// <summary>A part of its rows as a token batch of its own.</summary>
    /// <param name="first">0 to <see cref="Rows"/> - 1.</param>
    /// <param name="rows">At least 1.</param>
    public TokenBatch Slice(int first, int rows)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rows, Rows - first);
        var tokens = 0;
        for (var row = first; row < first + rows; row++)
        {
            tokens += Row(row).Length;
        }

        // Rows are in order of their length.
        return new TokenBatch(_posts, _postOfRow, FirstRow + first, rows, tokens, Row(first + rows - 1).Length);
    }

    /// <summary>Token ids of a row, without padding.</summary>
    /// <param name="row">0 to <see cref="Rows"/> - 1.</param>
    public ReadOnlySpan<int> Row(int row)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, Rows);
        return _posts[_postOfRow[FirstRow + row]].Span;
    }
}
