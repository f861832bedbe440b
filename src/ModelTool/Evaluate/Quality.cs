using StreamScorer.Shared.Bundle;

namespace ModelTool.Evaluate;

/// <summary>Quality of one head on some posts. Fractions, not points; null where a figure is not defined, which <see cref="Notes"/> explain.</summary>
/// <param name="Accuracy">Share of posts of which every known label was chosen right.</param>
/// <param name="MacroF1">F1 of each label that occurs among truths or choices, averaged without weights.</param>
/// <param name="RocAuc">Of two labels that exclude each other the second's, else the average over labels.</param>
/// <param name="PrAuc">Likewise.</param>
/// <param name="Confusion">Softmax: posts by true label (row) and chosen label (column).</param>
internal sealed record Quality(
    int Rows,
    double? Accuracy,
    double? MacroF1,
    double? RocAuc,
    double? PrAuc,
    double? CalibrationError,
    double? Brier,
    IReadOnlyDictionary<string, LabelQuality> Labels,
    int[][]? Confusion,
    IReadOnlyList<string> Notes)
{
    public static Quality Of(HeadSamples head)
    {
        var labels = head.Labels.Select((_, label) => LabelQuality.Of(head, label)).ToList();
        var shown = head.ShownLabels.Select(label => labels[label]).ToList();
        var rows = head.Samples.Count;
        var occurring = labels.Where(label => label.Positives + label.Chosen > 0).Select(label => 2.0 * label.Hits / (label.Positives + label.Chosen)).ToList();
        return new Quality(
            rows,
            rows == 0 ? null : (double)head.Samples.Count(sample => head.IsRight(sample)) / rows,
            occurring.Count == 0 ? null : occurring.Average(),
            Average(shown.Select(label => label.RocAuc)),
            Average(shown.Select(label => label.PrAuc)),
            Reliability.Error(Reliability.Claims(head)),
            Reliability.Brier(head),
            labels.Select((label, i) => (head.Labels[i], label)).ToDictionary(pair => pair.Item1, pair => pair.label),
            head.Kind == HeadKind.Softmax ? Confuse(head) : null,
            rows == 0 ? ["no post is left: nothing is defined"] : [.. labels.SelectMany((label, i) => label.Notes(head.Labels[i]))]);
    }

    // An average over some of the labels would look better or worse than it is.
    private static double? Average(IEnumerable<double?> values)
    {
        var all = values.ToList();
        return all.Count == 0 || all.Contains(null) ? null : all.Average();
    }

    private static int[][] Confuse(HeadSamples head)
    {
        var confusion = head.Labels.Select(_ => new int[head.Labels.Count]).ToArray();
        foreach (var sample in head.Samples)
        {
            confusion[Array.IndexOf(sample.Truth, true)][HeadSamples.MostProbable(sample.Probabilities)]++;
        }

        return confusion;
    }
}

/// <summary>How one label of a head does against all others.</summary>
/// <param name="Rows">Posts of which it is known whether they have the label.</param>
/// <param name="Positives">Posts that have it.</param>
/// <param name="Chosen">Posts that the head gives it.</param>
/// <param name="Hits">Posts that have it and are given it.</param>
/// <param name="CalibrationError">Of the label's own probability, whether or not it is chosen.</param>
internal sealed record LabelQuality(int Rows, int Positives, int Chosen, int Hits, double? RocAuc, double? PrAuc, double? CalibrationError)
{
    public double? Precision => Chosen == 0 ? null : (double)Hits / Chosen;

    public double? Recall => Positives == 0 ? null : (double)Hits / Positives;

    public double? F1 => Positives + Chosen == 0 ? null : 2.0 * Hits / (Positives + Chosen);

    public static LabelQuality Of(HeadSamples head, int label)
    {
        var outcomes = Outcome.Of(head, label);
        var (chosen, hits) = (0, 0);
        foreach (var sample in head.Samples)
        {
            if (sample.Truth[label] is { } truth && head.Chooses(sample, label))
            {
                chosen++;
                hits += truth ? 1 : 0;
            }
        }

        return new LabelQuality(
            outcomes.Length,
            outcomes.Count(outcome => outcome.Truth),
            chosen,
            hits,
            Ranking.RocAuc(outcomes),
            Ranking.PrAuc(outcomes),
            Reliability.Error(outcomes));
    }

    /// <summary>Why figures are missing; sentences without a full stop.</summary>
    public IEnumerable<string> Notes(string label)
    {
        if (Positives == 0)
        {
            yield return $"no post has the label {label}: its recall, ROC-AUC and PR-AUC are not defined";
        }
        else if (Positives == Rows)
        {
            yield return $"every post has the label {label}: its ROC-AUC is not defined";
        }

        if (Chosen == 0)
        {
            yield return $"{label} is never chosen: its precision is not defined";
        }
    }
}
