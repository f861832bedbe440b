using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Encode;

namespace ModelTool.Import;

/// <summary>What a bundle is made from. Files are where they are now; the bundle gets copies under their own names.</summary>
internal sealed record BundleSource
{
    public required string Name { get; init; }

    public required string Version { get; init; }

    public required FileInfo Vocabulary { get; init; }

    /// <summary>Heads in the order of the logits, as <c>{"NAME": {"kind": ..., "labels": [...]}}</c>.</summary>
    public required FileInfo Heads { get; init; }

    /// <summary>A checkpoint's <c>config.json</c>.</summary>
    public required FileInfo Config { get; init; }

    /// <summary>A checkpoint's <c>tokenizer_config.json</c>; without it lower case, accents stripped.</summary>
    public FileInfo? TokenizerConfig { get; init; }

    public required int MaxTokens { get; init; }

    /// <summary>Null: a text that is too long loses its tail.</summary>
    public SegmentSettings? Segments { get; init; }

    /// <summary>By device, <c>cpu</c> or <c>cuda</c>.</summary>
    public required IReadOnlyDictionary<string, VariantSource> Variants { get; init; }

    /// <summary>Null keeps the one in the folder.</summary>
    public FileInfo? Policy { get; init; }

    /// <summary>Null keeps the one in the folder.</summary>
    public FileInfo? Card { get; init; }

    /// <summary>Training data and metrics for the manifest; null keeps those of the manifest in the folder.</summary>
    public FileInfo? About { get; init; }
}

/// <param name="Files">The graph, then the files its weights are in.</param>
internal sealed record VariantSource(IReadOnlyList<FileInfo> Files, GraphPrecision Precision);
