namespace ModelTool.Evaluate;

/// <summary>One labelled post under one head.</summary>
/// <param name="Truth">Index of the true label.</param>
/// <param name="Probabilities">By label, in training order.</param>
internal readonly record struct Sample(string Source, int Truth, float[] Probabilities)
{
    /// <summary>Index of the most probable label; of two labels the second from 0.5 on.</summary>
    public int Predicted
    {
        get
        {
            if (Probabilities.Length == 2)
            {
                return Probabilities[1] >= 0.5f ? 1 : 0;
            }

            var best = 0;
            for (var i = 1; i < Probabilities.Length; i++)
            {
                best = Probabilities[i] > Probabilities[best] ? i : best;
            }

            return best;
        }
    }
}

/// <summary>A head and its labelled posts.</summary>
internal sealed record HeadSamples(string Head, IReadOnlyList<string> Labels)
{
    public List<Sample> Samples { get; } = [];
}
