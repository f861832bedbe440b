namespace ModelTool.Evaluate;

/// <summary>Quality of one head on some posts. Fractions, not points; null where it is not defined.</summary>
internal sealed record Quality(int Rows, double MacroF1, double? RocAuc, double CalibrationError)
{
    public static Quality Of(IReadOnlyList<Sample> samples, int labels) => new(
        samples.Count,
        Metrics.MacroF1(samples, labels),
        Metrics.RocAuc(samples, labels),
        Metrics.CalibrationError(samples));
}

/// <summary>The usual measures, as scikit-learn defines them where it has them.</summary>
internal static class Metrics
{
    public const int CalibrationBins = 15;

    /// <summary>F1 of each label that occurs among truths or predictions, averaged without weights.</summary>
    public static double MacroF1(IReadOnlyList<Sample> samples, int labels)
    {
        var hits = new int[labels];
        var truths = new int[labels];
        var predictions = new int[labels];
        foreach (var sample in samples)
        {
            truths[sample.Truth]++;
            predictions[sample.Predicted]++;
            hits[sample.Truth] += sample.Predicted == sample.Truth ? 1 : 0;
        }

        var occurring = Enumerable.Range(0, labels).Where(label => truths[label] + predictions[label] > 0);
        return occurring.Select(label => 2.0 * hits[label] / (truths[label] + predictions[label])).DefaultIfEmpty(0).Average();
    }

    /// <summary>
    /// Probability that a post with the label gets a higher probability than one without, ties half (Mann-Whitney U); of two labels the
    /// second's, of more the average over labels. Null when a label has no posts, or all.
    /// </summary>
    public static double? RocAuc(IReadOnlyList<Sample> samples, int labels)
    {
        if (labels == 2)
        {
            return RocAucOf(samples, 1);
        }

        var areas = Enumerable.Range(0, labels).Select(label => RocAucOf(samples, label)).ToList();
        return areas.Contains(null) ? null : areas.Average();
    }

    /// <summary>
    /// Expected calibration error (Naeini et al. 2015): posts are binned by the probability of their predicted label, in equal bins over 0 to 1; the mean of
    /// |accuracy - mean probability| over bins, weighted by posts.
    /// </summary>
    public static double CalibrationError(IReadOnlyList<Sample> samples)
    {
        if (samples.Count == 0)
        {
            return 0;
        }

        var hits = new int[CalibrationBins];
        var confidence = new double[CalibrationBins];
        foreach (var sample in samples)
        {
            var predicted = sample.Predicted;
            var probability = sample.Probabilities[predicted];
            var bin = Math.Min((int)(probability * CalibrationBins), CalibrationBins - 1);
            confidence[bin] += probability;
            hits[bin] += predicted == sample.Truth ? 1 : 0;
        }

        // bin weight times |accuracy - confidence| is |hits - sum of confidence| / all
        return hits.Zip(confidence, (hit, sum) => Math.Abs(hit - sum)).Sum() / samples.Count;
    }

    private static double? RocAucOf(IReadOnlyList<Sample> samples, int label)
    {
        var sorted = samples.OrderBy(sample => sample.Probabilities[label]).ToList();
        long positives = sorted.Count(sample => sample.Truth == label);
        var negatives = sorted.Count - positives;
        if (positives == 0 || negatives == 0)
        {
            return null;
        }

        var rankSum = 0.0;
        for (var start = 0; start < sorted.Count;)
        {
            var end = start + 1;
            while (end < sorted.Count && sorted[end].Probabilities[label] == sorted[start].Probabilities[label])
            {
                end++;
            }

            var rank = (start + 1 + end) / 2.0; // ranks start + 1 ... end share their mean
            rankSum += rank * sorted[start..end].Count(sample => sample.Truth == label);
            start = end;
        }

        return (rankSum - (positives * (positives + 1) / 2.0)) / (positives * (double)negatives);
    }
}
