using ModelTool.Evaluate;
using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Judge;

namespace ModelTool.Calibrate;

/// <summary>One labelled post under one head.</summary>
/// <param name="Truth">By label; null where nobody knows.</param>
internal sealed record LogitSample(string Id, float[] Logits, bool?[] Truth);

/// <summary>A head and the posts whose label under it is known.</summary>
internal sealed record HeadRows(HeadManifest Head, IReadOnlyList<LogitSample> Rows)
{
    /// <summary>What the judge would make of them at a temperature.</summary>
    public HeadSamples At(double temperature) => new(
        Head.Name,
        Head.Kind,
        Head.Labels,
        [.. Rows.Select((row, i) => new Sample(i, row.Id, "-", [], row.Truth, HeadProbabilities.Of(Head.Kind, row.Logits, (float)temperature)))]);

    /// <summary>The rows of a part, or all others.</summary>
    public HeadRows Fold(int fold, int folds, bool others) => this with { Rows = [.. Rows.Where(row => FoldOf(row.Id, folds) == fold != others)] };

    // FNV-1a: the same on every machine and in every run, unlike string.GetHashCode.
    private static int FoldOf(string id, int folds)
    {
        var hash = 2166136261u;
        foreach (var letter in id)
        {
            hash = (hash ^ letter) * 16777619u;
        }

        return (int)((hash ^ (hash >> 15)) % folds);
    }
}
