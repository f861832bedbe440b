using System.Buffers;

namespace StreamScorer.Shared.Encode;

/// <summary>Makes token ids of a text, as a model's manifest says: in one piece, cut at the model's limit, or in segments. Any number of threads.</summary>
/// <param name="maxTokens">Token ids of a row at most, [CLS] and [SEP] counted.</param>
/// <param name="segments">Null: a text that is too long loses its tail.</param>
public sealed class PostEncoder(BertTokenizer tokenizer, int maxTokens, SegmentSettings? segments)
{
    private const int Controls = 2;

    /// <summary>Ids that a text of so many bytes has in one piece at most: one a byte, and [CLS] and [SEP].</summary>
    public int Room(int bytes) => Math.Min(maxTokens, bytes + Controls);

    /// <summary>A text that fits one row allocates nothing.</summary>
    /// <param name="utf8">The text; invalid sequences are dropped.</param>
    /// <param name="room">At least <see cref="Room"/>; the ids may become a slice of it.</param>
    public EncodedPost Encode(ReadOnlySpan<byte> utf8, Memory<int> room)
    {
        room = room[..Room(utf8.Length)];
        var count = tokenizer.Encode(utf8, room.Span, out var truncated);

        // The beginning of a long text is read twice: a few microseconds, where each segment costs the model milliseconds.
        return truncated && segments is not null ? Cut(utf8, segments) : new EncodedPost(room[..count], null, truncated);
    }

    /// <summary>[CLS] first [SEP] second [SEP]; the longer text loses its tail. Never in segments.</summary>
    public EncodedPost EncodePair(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        Span<int> ids = stackalloc int[maxTokens];
        Span<int> types = stackalloc int[maxTokens]; // left to the scorer, which sees them by the separator
        var count = tokenizer.EncodePair(first, second, ids, types, out var truncated);
        return new EncodedPost(ids[..count].ToArray(), null, truncated);
    }

    private EncodedPost Cut(ReadOnlySpan<byte> utf8, SegmentSettings settings)
    {
        var room = maxTokens - Controls;
        var most = (int)Math.Min(utf8.Length, settings.Overlap + ((long)settings.Most * (room - settings.Overlap)));
        var buffer = ArrayPool<int>.Shared.Rent(most);
        try
        {
            var tokens = buffer.AsSpan(0, tokenizer.Tokenize(utf8, buffer.AsSpan(0, most), out var truncated));
            var windows = TokenWindow.Spread(tokens.Length, room, settings.Overlap, settings.Most, Continues(tokens));
            return Assemble(tokens, windows, truncated || windows[^1].End < tokens.Length);
        }
        finally
        {
            ArrayPool<int>.Shared.Return(buffer);
        }
    }

    private bool[] Continues(ReadOnlySpan<int> tokens)
    {
        var continues = new bool[tokens.Length];
        for (var i = 0; i < tokens.Length; i++)
        {
            continues[i] = tokenizer.IsContinuation(tokens[i]);
        }

        return continues;
    }

    private EncodedPost Assemble(ReadOnlySpan<int> tokens, IReadOnlyList<TokenWindow> windows, bool truncated)
    {
        var ids = new int[windows.Sum(window => window.Length + Controls)];
        var parts = new ReadOnlyMemory<int>[windows.Count];
        var at = 0;
        for (var i = 0; i < parts.Length; i++)
        {
            var count = tokenizer.Assemble(tokens.Slice(windows[i].Start, windows[i].Length), ids.AsSpan(at));
            parts[i] = ids.AsMemory(at, count);
            at += count;
        }

        return new EncodedPost(ids, parts, truncated);
    }
}
