using StreamScorer.Shared.Bundle;

namespace ModelTool.Evaluate;

/// <summary>Posts whose probability falls into one of equal bins over 0 to 1.</summary>
/// <param name="Hits">Those for which it came true.</param>
/// <param name="Sum">Of their probabilities.</param>
internal readonly record struct ReliabilityBin(int Count, int Hits, double Sum)
{
    public double? Mean => Count == 0 ? null : Sum / Count;

    public double? Share => Count == 0 ? null : (double)Hits / Count;
}

/// <summary>Whether probabilities mean what they say.</summary>
internal static class Reliability
{
    public const int Bins = 15;

    /// <summary>What a head is judged by: of softmax the probability of the label it chooses, of sigmoid every label's probability.</summary>
    public static IEnumerable<Outcome> Claims(HeadSamples head)
    {
        foreach (var sample in head.Samples)
        {
            if (head.Kind == HeadKind.Softmax)
            {
                var chosen = HeadSamples.MostProbable(sample.Probabilities);
                yield return new Outcome(sample.Truth[chosen]!.Value, sample.Probabilities[chosen]);
                continue;
            }

            for (var label = 0; label < head.Labels.Count; label++)
            {
                if (sample.Truth[label] is { } truth)
                {
                    yield return new Outcome(truth, sample.Probabilities[label]);
                }
            }
        }
    }

    public static ReliabilityBin[] Bin(IEnumerable<Outcome> outcomes, int bins = Bins)
    {
        var result = new ReliabilityBin[bins];
        foreach (var (truth, probability) in outcomes)
        {
            ref var bin = ref result[Math.Min((int)(probability * bins), bins - 1)];
            bin = new ReliabilityBin(bin.Count + 1, bin.Hits + (truth ? 1 : 0), bin.Sum + probability);
        }

        return result;
    }

    /// <summary>
    /// Expected calibration error (Naeini et al. 2015): the mean over bins of |share that came true - mean probability|, weighted by posts. Null without posts.
    /// </summary>
    public static double? Error(IEnumerable<Outcome> outcomes)
    {
        var bins = Bin(outcomes);
        var count = bins.Sum(bin => bin.Count);

        // bin weight times |share - mean| is |hits - sum of probabilities| / all
        return count == 0 ? null : bins.Sum(bin => Math.Abs(bin.Hits - bin.Sum)) / count;
    }

    /// <summary>Mean squared difference of probability and truth over posts and labels (Brier 1950, divided by the number of labels). Null without posts.</summary>
    public static double? Brier(HeadSamples head)
    {
        var (sum, count) = (0.0, 0);
        foreach (var sample in head.Samples)
        {
            for (var label = 0; label < head.Labels.Count; label++)
            {
                if (sample.Truth[label] is { } truth)
                {
                    var difference = sample.Probabilities[label] - (truth ? 1.0 : 0.0);
                    sum += difference * difference;
                    count++;
                }
            }
        }

        return count == 0 ? null : sum / count;
    }
}
