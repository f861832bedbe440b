namespace StreamScorer.Shared.Group;

/// <summary>A micro-batch's posts, cut into token batches.</summary>
public sealed class Grouping
{
    private readonly int[] _rowOfPost;

    internal Grouping(IReadOnlyList<TokenBatch> batches, int rows, int[] rowOfPost)
    {
        Batches = batches;
        Rows = rows;
        _rowOfPost = rowOfPost;
    }

    public IReadOnlyList<TokenBatch> Batches { get; }

    /// <summary>Rows of all batches: the number of different token sequences.</summary>
    public int Rows { get; }

    /// <summary>The row, over all batches, that holds this post's token ids.</summary>
    public int RowOf(int post) => _rowOfPost[post];
}
