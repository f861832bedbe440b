namespace StreamScorer.Shared.Encode;

public sealed partial class BertTokenizer
{
    /// <summary>As <see cref="Encode"/>, and where in the text each token comes from. For token and span heads; slower.</summary>
    /// <param name="utf8">The text; invalid sequences are dropped.</param>
    /// <param name="ids">Gets the ids; its length, at least 2, is the limit.</param>
    /// <param name="offsets">
    /// Gets a range of bytes of <paramref name="utf8"/> for each id, [0, 0) for [CLS] and [SEP]; as long as <paramref name="ids"/>.
    /// </param>
    /// <param name="truncated">Whether the tail of the text did not fit.</param>
    /// <returns>How many ids and offsets were written.</returns>
    /// <exception cref="ArgumentException">A span is too short.</exception>
    public int EncodeWithOffsets(ReadOnlySpan<byte> utf8, Span<int> ids, Span<TokenOffset> offsets, out bool truncated)
    {
        if (ids.Length < 2 || offsets.Length < ids.Length)
        {
            throw new ArgumentException(
                $"room for {ids.Length} ids and {offsets.Length} offsets; at least 2 each, and as many offsets as ids");
        }

        var count = TokenizeWithOffsets(utf8, ids[1..^1], offsets[1..^1], out truncated);
        (ids[0], offsets[0]) = (ClsId, default);
        (ids[count + 1], offsets[count + 1]) = (SepId, default);
        return count + 2;
    }

    /// <summary>As <see cref="Tokenize"/>, and where in the text each token comes from.</summary>
    /// <param name="utf8">The text; invalid sequences are dropped.</param>
    /// <param name="ids">Gets the ids; its length is the limit.</param>
    /// <param name="offsets">Gets a range of bytes of <paramref name="utf8"/> for each id; as long as <paramref name="ids"/>.</param>
    /// <param name="truncated">Whether the tail of the text did not fit.</param>
    /// <returns>How many ids and offsets were written.</returns>
    public int TokenizeWithOffsets(ReadOnlySpan<byte> utf8, Span<int> ids, Span<TokenOffset> offsets, out bool truncated)
    {
        Span<byte> scratch = stackalloc byte[WordReader.ScratchBytes];
        Span<TokenOffset> sources = stackalloc TokenOffset[WordReader.MaxWordBytes];
        Span<int> pieces = stackalloc int[WordReader.MaxWordChars];
        Span<int> ends = stackalloc int[WordReader.MaxWordChars];
        var reader = new WordReader(utf8, _map, scratch, sources);
        var count = 0;
        truncated = false;
        while (reader.Next())
        {
            var split = Split(reader.Word, pieces, ends);
            var start = 0;
            for (var i = 0; i < split; i++)
            {
                if (count == ids.Length)
                {
                    truncated = true;
                    return count;
                }

                ids[count] = pieces[i];
                offsets[count++] = split == 1 ? reader.WordOffset : new TokenOffset(sources[start].Start, sources[ends[i] - 1].End);
                start = ends[i];
            }
        }

        return count;
    }
}
