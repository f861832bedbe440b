using StreamScorer.Shared.Group;
using StreamScorer.Shared.Infer;

namespace Shared.Tests.Support;

/// <summary>Scores posts through the grouper, as the worker does.</summary>
internal static class Scores
{
    /// <returns>Logits by post.</returns>
    public static float[][] Logits(this IScorer scorer, IReadOnlyList<ReadOnlyMemory<int>> posts, GroupOptions? options = null)
    {
        var grouping = Grouper.Cut(posts, options ?? new GroupOptions());
        var logits = new float[grouping.Rows * scorer.LogitCount];
        foreach (var batch in grouping.Batches)
        {
            scorer.Score(batch, logits.AsSpan(batch.FirstRow * scorer.LogitCount, batch.Rows * scorer.LogitCount));
        }

        return [.. Enumerable.Range(0, posts.Count).Select(i => logits.AsSpan(grouping.RowOf(i) * scorer.LogitCount, scorer.LogitCount).ToArray())];
    }
}
