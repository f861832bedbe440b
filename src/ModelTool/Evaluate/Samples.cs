using StreamScorer.Shared.Bundle;

namespace ModelTool.Evaluate;

/// <summary>One labelled post under one head.</summary>
/// <param name="Row">From 1, in the labelled file.</param>
/// <param name="Slices">Its value in each slice column.</param>
/// <param name="Truth">By label, in training order: whether the post has it; null where nobody knows. Of a softmax head exactly one label is true.</param>
/// <param name="Probabilities">By label.</param>
internal readonly record struct Sample(int Row, string Id, string Source, IReadOnlyList<string> Slices, bool?[] Truth, float[] Probabilities);

/// <summary>A head, and the posts whose label under it is known.</summary>
internal sealed record HeadSamples(string Head, HeadKind Kind, IReadOnlyList<string> Labels, IReadOnlyList<Sample> Samples)
{
    /// <summary>Whether the head, as it chooses, gives the post the label: of a softmax head the most probable one, of two the second from 0.5 on; of a sigmoid head each from 0.5 on.</summary>
    public bool Chooses(in Sample sample, int label) => Kind == HeadKind.Softmax
        ? MostProbable(sample.Probabilities) == label
        : sample.Probabilities[label] >= 0.5f;

    /// <summary>Whether every label that is known was chosen right.</summary>
    public bool IsRight(in Sample sample)
    {
        for (var label = 0; label < Labels.Count; label++)
        {
            if (sample.Truth[label] is { } truth && truth != Chooses(sample, label))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The labels that figures of one label are shown for: of two that exclude each other the second says it all.</summary>
    public IEnumerable<int> ShownLabels => Kind == HeadKind.Softmax && Labels.Count == 2 ? [1] : Enumerable.Range(0, Labels.Count);

    public HeadSamples Where(Func<Sample, bool> condition) => this with { Samples = [.. Samples.Where(condition)] };

    public static int MostProbable(float[] probabilities)
    {
        if (probabilities.Length == 2)
        {
            return probabilities[1] >= 0.5f ? 1 : 0;
        }

        var best = 0;
        for (var i = 1; i < probabilities.Length; i++)
        {
            best = probabilities[i] > probabilities[best] ? i : best;
        }

        return best;
    }
}

/// <summary>One label of one post: whether it holds, and its probability.</summary>
internal readonly record struct Outcome(bool Truth, float Probability)
{
    /// <summary>Of all posts that are labelled for it.</summary>
    public static Outcome[] Of(HeadSamples head, int label) =>
        [.. head.Samples.Where(sample => sample.Truth[label] is not null).Select(sample => new Outcome(sample.Truth[label]!.Value, sample.Probabilities[label]))];
}
