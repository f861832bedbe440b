namespace StreamScorer.Shared.Encode;

/// <summary>A run of tokens of a text too long for the model. Start and length count tokens without [CLS] and [SEP].</summary>
public readonly record struct TokenWindow(int Start, int Length)
{
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
        for (var start = 0; start == 0 || windows[^1].Start + windows[^1].Length < tokens; start += room - overlap)
        {
            windows.Add(new TokenWindow(start, Math.Min(room, tokens - start)));
        }

        return windows;
    }
}
