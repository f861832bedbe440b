namespace StreamScorer.Shared.Encode;

public sealed partial class BertTokenizer
{
    private const int PairControls = 3;

    /// <summary>
    /// Encodes two texts as [CLS] a [SEP] b [SEP]. Over the limit the longer text loses its tail first. Allocates nothing.
    /// </summary>
    /// <param name="a">The first text, UTF-8.</param>
    /// <param name="b">The second text, UTF-8. Without a byte it is no second text, as in the reference: [CLS] a [SEP].</param>
    /// <param name="ids">Gets the ids; its length, at least 3, is the limit.</param>
    /// <param name="segments">Gets 0 for [CLS] a [SEP] and 1 for b [SEP]; as long as <paramref name="ids"/>.</param>
    /// <param name="truncated">Whether the tail of a text did not fit.</param>
    /// <returns>How many ids and segments were written.</returns>
    /// <exception cref="ArgumentException">A span is too short.</exception>
    public int EncodePair(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b, Span<int> ids, Span<int> segments, out bool truncated)
    {
        if (ids.Length < PairControls || segments.Length < ids.Length)
        {
            throw new ArgumentException(
                $"room for {ids.Length} ids and {segments.Length} segments; at least 3 each, and as many segments as ids");
        }

        if (b.IsEmpty)
        {
            var alone = Encode(a, ids, out truncated);
            segments[..alone].Clear();
            return alone;
        }

        // Until its place is known, the second text waits where the segments will be.
        var room = ids.Length - PairControls;
        var countA = Tokenize(a, ids.Slice(1, room), out var moreA);
        var countB = Tokenize(b, segments[..room], out var moreB);
        truncated = moreA || moreB || countA + countB > room;
        if (truncated)
        {
            // Only when both exceed the room by themselves, and it is odd, does it matter by how much.
            var all = moreA && moreB && room % 2 == 1;
            var (fullA, fullB) = all ? (CountTokens(a), CountTokens(b)) : (countA + (moreA ? 1 : 0), countB + (moreB ? 1 : 0));
            (countA, countB) = LongestFirst(fullA, fullB, room);
        }

        segments[..countB].CopyTo(ids[(countA + 2)..]);
        return AssemblePair(ids.Slice(1, countA), ids.Slice(countA + 2, countB), ids, segments);
    }

    // The reference's rule: the shorter keeps what it has if that leaves the longer at least as much; else half each, and the odd
    // token goes to the longer one, to b when they are equal.
    private static (int A, int B) LongestFirst(int a, int b, int room)
    {
        var shorter = Math.Min(Math.Min(a, b), room / 2);
        return a > b ? (room - shorter, shorter) : (shorter, room - shorter);
    }
}
