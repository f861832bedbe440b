namespace StreamScorer.Shared.Encode;

/// <summary>A run of tokens of a text too long for the model. Start and length count tokens without [CLS] and [SEP].</summary>
public readonly record struct TokenWindow(int Start, int Length)
{
    public int End => Start + Length;

    /// <summary>
    /// Cuts a text into windows of equal length that overlap; the last may be shorter. A text without tokens gives one empty window.
    /// </summary>
    /// <param name="tokens">Tokens of the text.</param>
    /// <param name="room">
    /// Tokens that fit a window, more than <paramref name="overlap"/>: the model's limit less the control tokens, and less the first
    /// text if that stays.
    /// </param>
    /// <param name="overlap">Tokens that a window shares with the one before it.</param>
    /// <exception cref="ArgumentOutOfRangeException">A window would not get further than the one before it.</exception>
    public static IReadOnlyList<TokenWindow> Cut(int tokens, int room, int overlap)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(tokens);
        ArgumentOutOfRangeException.ThrowIfNegative(overlap);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(room, overlap);
        var windows = new List<TokenWindow>();
        for (var start = 0; start == 0 || windows[^1].End < tokens; start += room - overlap)
        {
            windows.Add(new TokenWindow(start, Math.Min(room, tokens - start)));
        }

        return windows;
    }

    /// <summary>
    /// Cuts a text into as few windows as hold it, of nearly equal length, so that the last one is no scrap with as much say as the others. Windows begin
    /// and end at words, unless a word is longer than an eighth of what a window adds.
    /// </summary>
    /// <param name="tokens">Tokens of the text.</param>
    /// <param name="room">Tokens that fit a window, at least twice <paramref name="overlap"/>.</param>
    /// <param name="overlap">Tokens that a window shares with the one before it; more where it begins with a word.</param>
    /// <param name="most">Windows at most; the last one ends where it is full.</param>
    /// <param name="continues">By token: whether it goes on with the word of the token before it.</param>
    public static IReadOnlyList<TokenWindow> Spread(int tokens, int room, int overlap, int most, ReadOnlySpan<bool> continues)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(tokens);
        ArgumentOutOfRangeException.ThrowIfNegative(overlap);
        ArgumentOutOfRangeException.ThrowIfLessThan(room, Math.Max(1, 2 * overlap));
        ArgumentOutOfRangeException.ThrowIfLessThan(most, 1);
        var step = room - overlap;
        var windows = new List<TokenWindow>();
        var start = 0;
        while (tokens - start > room && windows.Count < most - 1)
        {
            // Of n windows n - 1 have an overlap; n is the least for which they hold what is left.
            var rest = tokens - start;
            var count = (rest - overlap + step - 1) / step;
            var end = WordStart(start + ((rest + ((count - 1) * overlap) + count - 1) / count), step / 8, continues);
            windows.Add(new TokenWindow(start, end - start));
            start = WordStart(end - overlap, step / 8, continues);
        }

        windows.Add(new TokenWindow(start, Math.Min(room, tokens - start)));
        return windows;
    }

    // Where the word at this place begins, if that is not too far back.
    private static int WordStart(int at, int farthest, ReadOnlySpan<bool> continues)
    {
        var start = at;
        while (start > at - farthest && continues[start])
        {
            start--;
        }

        return continues[start] ? at : start;
    }
}
