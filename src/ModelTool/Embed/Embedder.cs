using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Encode;
using StreamScorer.Shared.Group;
using StreamScorer.Shared.Infer;

namespace ModelTool.Embed;

/// <summary>A text's vector.</summary>
internal sealed record Embedded(TextRow Row, float[] Vector);

/// <summary>Runs texts through a bundle's embedding head, by the same tokenizer, grouper and graph as the worker's.</summary>
internal sealed class Embedder : IDisposable
{
    /// <summary>Rows that are sorted by length together.</summary>
    private const int Together = 4096;

    private readonly int _maxTokens;
    private readonly BertTokenizer _tokenizer;
    private readonly OnnxScorer _scorer;

    private Embedder(ModelBundle bundle, OnnxScorer scorer) =>
        (_maxTokens, _tokenizer, _scorer) = (bundle.Manifest.MaxTokens, bundle.LoadTokenizer(), scorer);

    /// <summary>Numbers of a vector.</summary>
    public int Width => _scorer.LogitCount;

    /// <param name="head">Null: the only one.</param>
    /// <exception cref="ToolException">The bundle has no such head.</exception>
    public static Embedder Open(string folder, string? head, InferOptions options)
    {
        var bundle = ModelBundle.Open(folder);
        return new Embedder(bundle, OnnxScorer.Open(bundle, options, Find(bundle, head)));
    }

    /// <summary>In the order of the texts.</summary>
    public IEnumerable<Embedded> Embed(IEnumerable<TextRow> texts) => texts.Chunk(Together).SelectMany(Embed);

    public void Dispose() => _scorer.Dispose();

    private IEnumerable<Embedded> Embed(TextRow[] rows)
    {
        var ids = new int[_maxTokens];
        var grouping = Grouper.Cut(
            [.. rows.Select(row => (ReadOnlyMemory<int>)ids.AsSpan(0, _tokenizer.Encode(row.Text, ids, out _)).ToArray())], new GroupOptions(), _scorer.Pads);
        var vectors = new float[grouping.Rows * Width];
        foreach (var batch in grouping.Batches)
        {
            _scorer.Score(batch, vectors.AsSpan(batch.FirstRow * Width));
        }

        return rows.Select((row, i) => new Embedded(row, vectors.AsSpan(grouping.RowOf(i) * Width, Width).ToArray()));
    }

    private static HeadManifest Find(ModelBundle bundle, string? name)
    {
        var heads = bundle.Manifest.Heads.Where(head => head.Kind == HeadKind.Embedding).ToList();
        if (heads.Count == 0)
        {
            throw new ToolException($"{bundle.Folder} has no embedding head: import its checkpoint with --head sentence=embedding:mean,normalise.");
        }

        var names = string.Join(", ", heads.Select(head => head.Name));
        return name is null
            ? heads is [var only] ? only : throw new ToolException($"{bundle.Folder} has several embedding heads: choose one of {names} with --head.")
            : heads.Find(head => head.Name == name) ?? throw new ToolException($"--head {name} is no embedding head of {bundle.Folder}, which has {names}.");
    }
}
