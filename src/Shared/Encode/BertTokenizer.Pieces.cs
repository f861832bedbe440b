namespace StreamScorer.Shared.Encode;

public sealed partial class BertTokenizer
{
    // The id of a word that is a whole entry of the vocabulary, else -1: either unknown to the table of short words or not short.
    private int FindWhole(ReadOnlySpan<byte> word) =>
        word.Length is > 0 and <= WordTable.MaxBytes ? _words.Find(WordTable.Key(word)) : -1;

    // Greedy longest match from the left; a word that cannot be used up is [UNK] as a whole, and so is one over the limit, which
    // comes here empty.
    // pieces: one per code point; ends: empty, or gets where each piece ends in the word.
    private int Split(ReadOnlySpan<byte> word, Span<int> pieces, Span<int> ends)
    {
        var count = 0;
        var root = PieceTrie.WordStart;
        for (var at = 0; at < word.Length; root = PieceTrie.Continuation)
        {
            var id = _pieces.LongestMatch(root, word[at..], out var length);
            if (id < 0)
            {
                count = 0;
                break;
            }

            at += length;
            pieces[count] = id;
            if (!ends.IsEmpty)
            {
                ends[count] = at;
            }

            count++;
        }

        if (count > 0)
        {
            return count;
        }

        pieces[0] = UnknownId;
        if (!ends.IsEmpty)
        {
            ends[0] = word.Length;
        }

        return 1;
    }
}
