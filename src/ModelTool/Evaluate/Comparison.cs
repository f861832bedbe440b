using StreamScorer.Shared.Bundle;

namespace ModelTool.Evaluate;

/// <summary>A post that the two models decide differently.</summary>
/// <param name="Label">Sigmoid: the label it is about. Softmax: null.</param>
/// <param name="Truth">Softmax: the true label. Sigmoid: yes or no.</param>
/// <param name="Probability">What the second model gives <paramref name="To"/> (softmax), or the label (sigmoid).</param>
internal sealed record Flip(string Id, string Source, string? Label, string Truth, string From, string To, float Probability);

/// <summary>Two models on the same posts, by one head. Differences are the second less the first.</summary>
/// <param name="Rows">Posts that both have scored and whose label is known, sources left out not counted.</param>
/// <param name="OnlyFirst">Posts that only the first has right.</param>
/// <param name="OnlySecond">Posts that only the second has right.</param>
/// <param name="McNemar">Probability of so uneven a split, or a more uneven one, if both were equally often right: exact, two-sided (McNemar 1947).</param>
internal sealed record HeadComparison(
    int Rows,
    int OnlyFirst,
    int OnlySecond,
    double McNemar,
    double? MacroF1Difference,
    Interval? MacroF1Interval,
    IReadOnlyList<Flip> Flips)
{
    /// <exception cref="ToolException">The head's labels are not the same.</exception>
    public static HeadComparison Of(HeadSamples first, HeadSamples second)
    {
        if (first.Kind != second.Kind || !first.Labels.SequenceEqual(second.Labels))
        {
            throw new ToolException(
                $"Head '{first.Head}' has the labels {string.Join(", ", first.Labels)} in one and {string.Join(", ", second.Labels)} in the other: they cannot be compared.");
        }

        var rows = second.Samples.Select(sample => sample.Row).Intersect(first.Samples.Select(sample => sample.Row)).ToHashSet();
        (first, second) = (first.Where(sample => rows.Contains(sample.Row)), second.Where(sample => rows.Contains(sample.Row)));
        var pairs = first.Samples.Zip(second.Samples).ToList();
        var onlyFirst = pairs.Count(pair => first.IsRight(pair.First) && !second.IsRight(pair.Second));
        var onlySecond = pairs.Count(pair => !first.IsRight(pair.First) && second.IsRight(pair.Second));
        return new HeadComparison(
            pairs.Count,
            onlyFirst,
            onlySecond,
            McNemarExact(onlyFirst, onlySecond),
            Quality.Of(second).MacroF1 - Quality.Of(first).MacroF1,
            Bootstrap.MacroF1Difference(first, second),
            [.. pairs.SelectMany(pair => FlipsOf(first, pair.First, pair.Second))]);
    }

    /// <summary>Two-sided exact McNemar test: twice the smaller tail of a fair coin's binomial distribution, at most 1.</summary>
    public static double McNemarExact(int onlyFirst, int onlySecond)
    {
        var n = onlyFirst + onlySecond;
        var tail = 0.0;
        var logCoefficient = 0.0; // of k out of n
        for (var k = 0; k <= Math.Min(onlyFirst, onlySecond); k++)
        {
            tail += Math.Exp(logCoefficient - (n * Math.Log(2)));
            logCoefficient += Math.Log(n - k) - Math.Log(k + 1);
        }

        return Math.Min(1, 2 * tail);
    }

    private static IEnumerable<Flip> FlipsOf(HeadSamples head, Sample first, Sample second)
    {
        if (head.Kind == HeadKind.Softmax)
        {
            var (from, to) = (HeadSamples.MostProbable(first.Probabilities), HeadSamples.MostProbable(second.Probabilities));
            if (from != to)
            {
                yield return new Flip(
                    first.Id, first.Source, null, head.Labels[Array.IndexOf(first.Truth, true)], head.Labels[from], head.Labels[to], second.Probabilities[to]);
            }

            yield break;
        }

        for (var label = 0; label < head.Labels.Count; label++)
        {
            var (from, to) = (head.Chooses(first, label), head.Chooses(second, label));
            if (from != to && first.Truth[label] is { } truth)
            {
                yield return new Flip(first.Id, first.Source, head.Labels[label], Word(truth), Word(from), Word(to), second.Probabilities[label]);
            }
        }
    }

    private static string Word(bool value) => value ? "yes" : "no";
}
