using System.ComponentModel.DataAnnotations;

namespace StreamScorer.Shared.Group;

/// <summary>How large one call of the model is.</summary>
public sealed record GroupOptions
{
    /// <summary>
    /// Tokens of one call at most, padding counted (rows times longest row) where the graph is padded. More use the matrix units better and make every
    /// post of the call wait longer; a single post may exceed it. (default: 1024)
    /// </summary>
    [Range(16, 1_048_576)]
    public int MaxTokens { get; init; } = 1024;

    /// <summary>Posts of one call at most. Bounds the work that attention does on many short posts. (default: 64)</summary>
    [Range(1, 65_536)]
    public int MaxRows { get; init; } = 64;

    /// <summary>
    /// What a call costs by itself, in tokens it could have computed instead. Higher makes fewer calls with more padding. Measure it
    /// on another device (bench group). (default: 64)
    /// </summary>
    [Range(0, 1_048_576)]
    public int CallTokens { get; init; } = 64;

    /// <summary>
    /// In packed graphs, where attention alone sees padding: how many pairs of places cost it as much as one token costs all the rest. Higher makes
    /// fewer calls, with longer and shorter posts in one. Without meaning for padded graphs. (default: 1024)
    /// </summary>
    [Range(1, 1_048_576)]
    public int PairsPerToken { get; init; } = 1024;
}
