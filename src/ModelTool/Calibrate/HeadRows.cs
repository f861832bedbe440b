using ModelTool.Evaluate;
using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Judge;

namespace ModelTool.Calibrate;

/// <summary>One labelled post under one head.</summary>
/// <param name="Truth">By label; null where nobody knows.</param>
internal sealed record LogitSample(string Id, float[] Logits, bool?[] Truth);

/// <summary>Probabilities at one temperature.</summary>
/// <param name="Background">[posts][labels].</param>
internal sealed record ScoredRows(HeadSamples Samples, IReadOnlyList<float[]> Background)
{
    /// <summary>What every threshold catches of a label.</summary>
    public ThresholdCurve Curve(int label) => new(Outcome.Of(Samples, label), [.. Background.Select(probabilities => probabilities[label])]);
}

/// <summary>A head, the posts whose label under it is known, and its background: posts that nobody labelled for it.</summary>
internal sealed record HeadRows(HeadManifest Head, IReadOnlyList<LogitSample> Rows, IReadOnlyList<LogitSample> Background)
{
    public HeadRows(HeadManifest head, IReadOnlyList<LogitSample> rows)
        : this(head, rows, [])
    {
    }

    /// <summary>What the judge would make of them at a temperature.</summary>
    public HeadSamples At(double temperature) => new(
        Head.Name,
        Head.Kind,
        Head.Labels,
        [.. Rows.Select((row, i) => new Sample(i, row.Id, "-", [], row.Truth, HeadProbabilities.Of(Head.Kind, row.Logits, (float)temperature)))]);

    /// <summary>The same with the background, for the curves of all labels.</summary>
    public ScoredRows Score(double temperature) => new(At(temperature), [.. Background.Select(row => HeadProbabilities.Of(Head.Kind, row.Logits, (float)temperature))]);

    /// <summary>The rows of a part, or all others.</summary>
    public HeadRows Fold(int fold, int folds, bool others) => this with { Rows = Fold(Rows, fold, folds, others), Background = Fold(Background, fold, folds, others) };

    private static List<LogitSample> Fold(IReadOnlyList<LogitSample> rows, int fold, int folds, bool others) => [.. rows.Where(row => FoldOf(row.Id, folds) == fold != others)];

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
