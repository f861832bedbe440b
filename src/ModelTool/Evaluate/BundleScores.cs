using System.Text.Unicode;
using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Encode;
using StreamScorer.Shared.Group;
using StreamScorer.Shared.Infer;
using StreamScorer.Shared.Judge;

namespace ModelTool.Evaluate;

/// <summary>One row of a labelled file through a model.</summary>
/// <param name="Logits">All heads' labels in manifest order; null for a text that the worker would reject: nothing to read, or no valid UTF-8.</param>
internal sealed record LogitRow(string Id, float[]? Logits);

/// <summary>Scores the texts of a labelled file with a bundle, by the same tokenizer, grouper, graph and judge as the worker.</summary>
internal sealed class BundleScores : IDisposable
{
    /// <summary>Rows that are sorted by length together; more pad less and hold more texts in memory.</summary>
    private const int Together = 4096;

    private readonly BertTokenizer _tokenizer;
    private readonly OnnxScorer _scorer;

    private readonly TextWriter? _progress;

    private BundleScores(ModelBundle bundle, BertTokenizer tokenizer, OnnxScorer scorer, TextWriter? progress)
    {
        Bundle = bundle;
        _progress = progress;
        _tokenizer = tokenizer;
        _scorer = scorer;
    }

    public ModelBundle Bundle { get; }

    public string DeviceReason => _scorer.DeviceReason;

    /// <param name="progress">Where to count the posts of long files; null for nowhere.</param>
    public static BundleScores Open(string folder, InferOptions options, TextWriter? progress)
    {
        var bundle = ModelBundle.Open(folder);
        return new BundleScores(bundle, bundle.LoadTokenizer(), OnnxScorer.Open(bundle, options), progress);
    }

    /// <summary>As the worker's policy has it, temperatures included.</summary>
    public IEnumerable<ScoredLine> Read(string file, LabelledColumns columns)
    {
        var judge = new PolicyJudge(Bundle.Manifest, Bundle.Policy);
        foreach (var row in ReadLogits(file, columns))
        {
            yield return new ScoredLine(row.Id, row.Logits is null ? null : Name(judge.Decide(row.Logits, null)));
        }
    }

    /// <summary>Row by row, in the file's order.</summary>
    public IEnumerable<LogitRow> ReadLogits(string file, LabelledColumns columns)
    {
        using var rows = new LabelledRows(file, columns);
        rows.NeedText();
        RequirePairs(columns.Pair);
        var ids = new List<string>();
        var posts = new List<ReadOnlyMemory<int>>();
        var done = 0;
        while (true)
        {
            var more = rows.Next();
            if (!more || ids.Count == Together)
            {
                foreach (var row in Score(ids, posts))
                {
                    yield return row;
                }

                done += ids.Count;
                ids.Clear();
                posts.Clear();
                if (done >= Together) // short files stay silent
                {
                    _progress?.Write(FormattableString.Invariant($"\r{Bundle.Identity.Name}: {done:N0} posts scored{(more ? "" : "\n")}"));
                }
            }

            if (!more)
            {
                yield break;
            }

            ids.Add(rows.Id);
            posts.Add(columns.Pair is null ? Encode(rows.Text) : Encode(rows.Text, rows.Pair));
        }
    }

    public void Dispose() => _scorer.Dispose();

    private ReadOnlyMemory<int> Encode(ReadOnlySpan<byte> text)
    {
        if (!Utf8.IsValid(text) || BlankText.Is(text))
        {
            return ReadOnlyMemory<int>.Empty;
        }

        Span<int> ids = stackalloc int[Bundle.Manifest.MaxTokens];
        return ids[.._tokenizer.Encode(text, ids, out _)].ToArray();
    }

    /// <summary>The segments are left to the scorer, which sees them by the separator.</summary>
    private ReadOnlyMemory<int> Encode(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        if (!Utf8.IsValid(first) || !Utf8.IsValid(second) || BlankText.Is(first) || BlankText.Is(second))
        {
            return ReadOnlyMemory<int>.Empty;
        }

        Span<int> ids = stackalloc int[Bundle.Manifest.MaxTokens];
        Span<int> segments = stackalloc int[ids.Length];
        return ids[.._tokenizer.EncodePair(first, second, ids, segments, out _)].ToArray();
    }

    private void RequirePairs(string? column)
    {
        var pair = Bundle.Manifest.Heads.FirstOrDefault(head => head.Pair);
        if (pair is not null && column is null)
        {
            throw new ToolException($"Head '{pair.Name}' of {Bundle.Folder} reads two texts: name the column of the second with --pair-column.");
        }

        if (pair is null && column is not null)
        {
            throw new ToolException($"--pair-column {column}: no head of {Bundle.Folder} reads two texts. If one does, say \"pair\": true of it in heads.json and import it anew.");
        }
    }

    private IEnumerable<LogitRow> Score(List<string> ids, List<ReadOnlyMemory<int>> posts)
    {
        var scored = posts.Where(post => !post.IsEmpty).ToList();
        var grouping = Grouper.Cut(scored, new GroupOptions());
        var width = _scorer.LogitCount;
        var logits = new float[grouping.Rows * width];
        foreach (var batch in grouping.Batches)
        {
            _scorer.Score(batch, logits.AsSpan(batch.FirstRow * width));
        }

        var next = 0;
        for (var i = 0; i < ids.Count; i++)
        {
            yield return new LogitRow(ids[i], posts[i].IsEmpty ? null : logits.AsSpan(grouping.RowOf(next++) * width, width).ToArray());
        }
    }

    private List<ScoredHead> Name(Verdict verdict) =>
    [
        .. Bundle.Manifest.Heads.Select(head => new ScoredHead(head.Name, head.Kind, [.. head.Labels], [.. verdict.Heads[head.Name].Probabilities.Values])),
    ];
}
