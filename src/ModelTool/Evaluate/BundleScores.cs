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

    private readonly PostEncoder _encoder;
    private readonly SegmentPool _pool;
    private readonly OnnxScorer _scorer;

    private readonly TextWriter? _progress;

    private BundleScores(ModelBundle bundle, PostEncoder encoder, OnnxScorer scorer, TextWriter? progress)
    {
        Bundle = bundle;
        _progress = progress;
        _encoder = encoder;
        _pool = new SegmentPool(bundle.Manifest);
        _scorer = scorer;
    }

    public ModelBundle Bundle { get; }

    public string DeviceReason => _scorer.DeviceReason;

    /// <param name="progress">Where to count the posts of long files; null for nowhere.</param>
    public static BundleScores Open(string folder, InferOptions options, TextWriter? progress)
    {
        var bundle = ModelBundle.Open(folder);
        return new BundleScores(bundle, bundle.LoadEncoder(), OnnxScorer.Open(bundle, options), progress);
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
        var posts = new List<EncodedPost>();
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

    /// <summary>Empty for a text that the worker would reject.</summary>
    private EncodedPost Encode(ReadOnlySpan<byte> text) =>
        !Utf8.IsValid(text) || BlankText.Is(text) ? default : _encoder.Encode(text, new int[_encoder.Room(text.Length)]);

    private EncodedPost Encode(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second) =>
        !Utf8.IsValid(first) || !Utf8.IsValid(second) || BlankText.Is(first) || BlankText.Is(second) ? default : _encoder.EncodePair(first, second);

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

    private IEnumerable<LogitRow> Score(List<string> ids, List<EncodedPost> posts)
    {
        var rows = new List<ReadOnlyMemory<int>>();
        foreach (var post in posts.Where(post => !post.Ids.IsEmpty))
        {
            post.AddTo(rows);
        }

        var grouping = Grouper.Cut(rows, new GroupOptions(), _scorer.Pads);
        var width = _scorer.LogitCount;
        var logits = new float[grouping.Rows * width];
        foreach (var batch in grouping.Batches)
        {
            _scorer.Score(batch, logits.AsSpan(batch.FirstRow * width));
        }

        var next = 0;
        for (var i = 0; i < ids.Count; i++)
        {
            var empty = posts[i].Ids.IsEmpty;
            yield return new LogitRow(ids[i], empty ? null : _pool.Logits(logits, grouping, next, posts[i].Rows).ToArray());
            next += empty ? 0 : posts[i].Rows;
        }
    }

    private List<ScoredHead> Name(Verdict verdict) =>
    [
        .. Bundle.Manifest.Heads.Select(head => new ScoredHead(head.Name, head.Kind, [.. head.Labels], [.. verdict.Heads[head.Name].Probabilities.Values])),
    ];
}
