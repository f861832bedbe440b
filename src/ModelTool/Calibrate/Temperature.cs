using StreamScorer.Shared.Bundle;

namespace ModelTool.Calibrate;

/// <summary>
/// Temperature scaling (Guo et al. 2017, arXiv 1706.04599): the one number by which a head's logits are divided so that the labels become as likely as they can. Which label is the
/// most probable does not change.
/// </summary>
internal static class Temperature
{
    /// <summary>Between these it is looked for; at either end the data does not say where to stop.</summary>
    public const double Lowest = 0.05;

    public const double Highest = 20;

    private const int Decimals = 4;

    /// <summary>The temperature of the least negative log-likelihood, to four decimals; null when the rows have one answer only, so that any temperature would do.</summary>
    public static double? Fit(HeadRows head)
    {
        if (!CanFit(head))
        {
            return null;
        }

        // In 1/T the likelihood is convex, so along ln T it has one valley: golden section finds its ground (Kiefer 1953).
        var ratio = (Math.Sqrt(5) - 1) / 2;
        var (low, high) = (Math.Log(Lowest), Math.Log(Highest));
        var (left, right) = (high - (ratio * (high - low)), low + (ratio * (high - low)));
        var (atLeft, atRight) = (At(left), At(right));
        while (high - low > 1e-6)
        {
            if (atLeft <= atRight)
            {
                (high, right, atRight) = (right, left, atLeft);
                left = high - (ratio * (high - low));
                atLeft = At(left);
            }
            else
            {
                (low, left, atLeft) = (left, right, atRight);
                right = low + (ratio * (high - low));
                atRight = At(right);
            }
        }

        var best = Math.Round(Math.Exp((low + high) / 2), Decimals);
        return NegativeLogLikelihood(head, best) <= NegativeLogLikelihood(head, 1) ? best : 1;

        double At(double logarithm) => NegativeLogLikelihood(head, Math.Exp(logarithm));
    }

    /// <summary>Mean over rows (softmax) or over known labels of rows (sigmoid), natural logarithm.</summary>
    public static double NegativeLogLikelihood(HeadRows head, double temperature)
    {
        var (sum, count) = Loss(head, temperature);
        return sum / count;
    }

    /// <summary>Sum of the negative log-likelihoods, and how many.</summary>
    public static (double Sum, int Count) Loss(HeadRows head, double temperature)
    {
        var (sum, count) = (0.0, 0);
        foreach (var row in head.Rows)
        {
            if (head.Head.Kind == HeadKind.Softmax)
            {
                sum += LogSumExp(row.Logits, temperature) - (row.Logits[Array.IndexOf(row.Truth, true)] / temperature);
                count++;
                continue;
            }

            for (var label = 0; label < row.Logits.Length; label++)
            {
                if (row.Truth[label] is { } truth)
                {
                    var logit = (truth ? -row.Logits[label] : row.Logits[label]) / temperature;
                    sum += Math.Max(logit, 0) + Math.Log(1 + Math.Exp(-Math.Abs(logit)));
                    count++;
                }
            }
        }

        return (sum, count);
    }

    private static bool CanFit(HeadRows head)
    {
        var truths = head.Rows.SelectMany(row => row.Truth.Select((truth, label) => (truth, label)));
        return head.Head.Kind == HeadKind.Softmax
            ? truths.Where(pair => pair.truth == true).Select(pair => pair.label).Distinct().Count() > 1
            : truths.Where(pair => pair.truth is not null).Select(pair => pair.truth).Distinct().Count() > 1;
    }

    private static double LogSumExp(float[] logits, double temperature)
    {
        var maximum = logits.Max() / temperature;
        return maximum + Math.Log(logits.Sum(logit => Math.Exp((logit / temperature) - maximum)));
    }
}
