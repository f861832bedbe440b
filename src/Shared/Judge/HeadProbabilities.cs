using StreamScorer.Shared.Bundle;

namespace StreamScorer.Shared.Judge;

/// <summary>What a head's logits mean.</summary>
public static class HeadProbabilities
{
    /// <param name="kind">Softmax or sigmoid.</param>
    /// <param name="logits">One a label, finite.</param>
    /// <param name="temperature">What the logits are divided by first; above 0.</param>
    public static float[] Of(HeadKind kind, ReadOnlySpan<float> logits, float temperature)
    {
        var probabilities = new float[logits.Length];
        for (var i = 0; i < logits.Length; i++)
        {
            probabilities[i] = logits[i] / temperature;
        }

        if (kind == HeadKind.Softmax)
        {
            Softmax(probabilities);
        }
        else
        {
            for (var i = 0; i < logits.Length; i++)
            {
                probabilities[i] = Sigmoid(probabilities[i]);
            }
        }

        return probabilities;
    }

    // Subtracting the maximum changes nothing in the quotient and keeps every exponent at or below 0, so nothing overflows.
    private static void Softmax(Span<float> values)
    {
        var maximum = values[0];
        foreach (var value in values)
        {
            maximum = MathF.Max(maximum, value);
        }

        var sum = 0f;
        foreach (ref var value in values)
        {
            value = MathF.Exp(value - maximum);
            sum += value;
        }

        foreach (ref var value in values)
        {
            value /= sum;
        }
    }

    private static float Sigmoid(float logit)
    {
        var e = MathF.Exp(-MathF.Abs(logit));
        return logit >= 0 ? 1 / (1 + e) : e / (1 + e);
    }
}
