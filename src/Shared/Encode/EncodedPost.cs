namespace StreamScorer.Shared.Encode;

/// <summary>A text as the model gets it.</summary>
/// <param name="Ids">[CLS] text [SEP]; of a text in segments these one after the other.</param>
/// <param name="Segments">Slices of <paramref name="Ids"/>, each [CLS] part [SEP]; null where there is one, which costs no memory.</param>
/// <param name="Truncated">Whether the tail of the text is not among them.</param>
public readonly record struct EncodedPost(ReadOnlyMemory<int> Ids, IReadOnlyList<ReadOnlyMemory<int>>? Segments, bool Truncated)
{
    /// <summary>Rows that it is in a token batch.</summary>
    public int Rows => Segments?.Count ?? 1;

    public void AddTo(List<ReadOnlyMemory<int>> rows)
    {
        if (Segments is null)
        {
            rows.Add(Ids);
        }
        else
        {
            rows.AddRange(Segments);
        }
    }
}
