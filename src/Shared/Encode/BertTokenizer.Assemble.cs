namespace StreamScorer.Shared.Encode;

public sealed partial class BertTokenizer
{
    /// <summary>Writes [CLS] tokens [SEP]: a sequence of a window's tokens.</summary>
    /// <param name="tokens">Ids without control tokens.</param>
    /// <param name="ids">At least two longer.</param>
    /// <returns>How many ids were written.</returns>
    public int Assemble(ReadOnlySpan<int> tokens, Span<int> ids)
    {
        ids[0] = ClsId;
        tokens.CopyTo(ids[1..]);
        ids[tokens.Length + 1] = SepId;
        return tokens.Length + 2;
    }

    /// <summary>Writes [CLS] a [SEP] b [SEP] and its segments: for instance a question and a window of a long text.</summary>
    /// <param name="a">Ids of the first text without control tokens.</param>
    /// <param name="b">Ids of the second text without control tokens.</param>
    /// <param name="ids">At least three longer than both together.</param>
    /// <param name="segments">As long as <paramref name="ids"/>; gets 0 for [CLS] a [SEP] and 1 for b [SEP].</param>
    /// <returns>How many ids and segments were written.</returns>
    public int AssemblePair(ReadOnlySpan<int> a, ReadOnlySpan<int> b, Span<int> ids, Span<int> segments)
    {
        var first = Assemble(a, ids);
        b.CopyTo(ids[first..]);
        var count = first + b.Length + 1;
        ids[count - 1] = SepId;
        segments[..first].Clear();
        segments[first..count].Fill(1);
        return count;
    }
}
