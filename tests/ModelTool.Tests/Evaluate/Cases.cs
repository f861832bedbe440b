using ModelTool.Evaluate;
using StreamScorer.Shared.Bundle;

namespace ModelTool.Tests.Evaluate;

/// <summary>Scored and labelled posts for tests.</summary>
internal static class Cases
{
    /// <summary>A head of two labels; truth and probability of the second.</summary>
    public static HeadSamples Two(params (int Truth, float Probability)[] posts) => Softmax(2, [.. posts.Select(post => (post.Truth, new[] { 1 - post.Probability, post.Probability }))]);

    public static HeadSamples Softmax(int labels, params (int Truth, float[] Probabilities)[] posts) => new(
        "head",
        HeadKind.Softmax,
        [.. Enumerable.Range(0, labels).Select(label => $"l{label}")],
        [.. posts.Select((post, i) => new Sample(i, $"p{i}", "-", [], [.. Enumerable.Range(0, labels).Select(label => (bool?)(label == post.Truth))], post.Probabilities))]);

    public static HeadSamples Sigmoid(params (bool?[] Truth, float[] Probabilities)[] posts) => new(
        "head",
        HeadKind.Sigmoid,
        [.. posts[0].Truth.Select((_, label) => $"l{label}")],
        [.. posts.Select((post, i) => new Sample(i, $"p{i}", "-", [], post.Truth, post.Probabilities))]);

    /// <summary>Posts with ties; some agree with their truth more than a guess would.</summary>
    public static (int Truth, float Probability)[] Random(int seed, int count = 60)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ =>
        {
            var truth = random.Next(2);
            return (truth, (random.Next(15) + (3 * truth)) / 20f);
        })];
    }
}
