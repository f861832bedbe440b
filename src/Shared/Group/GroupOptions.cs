namespace StreamScorer.Shared.Group;

/// <summary>Limits of one token batch.</summary>
public sealed record GroupOptions
{
    /// <summary>
    /// Tokens at most, padding counted (rows times longest row). Default 1024. More tokens use the matrix units better and
    /// make every post of the batch wait longer; a single post may exceed it.
    /// </summary>
    public int MaxTokens { get; init; } = 1024;

    /// <summary>Rows at most. Default 64. Bounds the work that attention does on many short rows.</summary>
    public int MaxRows { get; init; } = 64;
}
