using ModelTool.Calibrate;
using StreamScorer.Shared.Bundle;

namespace ModelTool.Tests.Calibrate;

/// <summary>Labelled logits for tests.</summary>
internal static class Rows
{
    /// <summary>A head of two labels; truth and the second's logit, the first's being 0.</summary>
    public static HeadRows Two(params (bool Truth, float Logit)[] posts) => new(
        new HeadManifest("hate", HeadKind.Softmax, ["no", "yes"]),
        [.. posts.Select((post, i) => new LogitSample($"p{i}", [0, post.Logit], [!post.Truth, post.Truth]))]);

    public static HeadRows Sigmoid(params (bool?[] Truth, float[] Logits)[] posts) => new(
        new HeadManifest("tox", HeadKind.Sigmoid, [.. posts[0].Logits.Select((_, label) => $"l{label}")]),
        [.. posts.Select((post, i) => new LogitSample($"p{i}", post.Logits, post.Truth))]);

    /// <summary>Labels drawn with the probability that the logits, divided by <paramref name="temperature"/>, say.</summary>
    public static HeadRows Drawn(int seed, int count, double temperature)
    {
        var random = new Random(seed);
        return Two([.. Enumerable.Range(0, count).Select(_ =>
        {
            var logit = (float)((random.NextDouble() * 12) - 6);
            return (random.NextDouble() < 1 / (1 + Math.Exp(-logit / temperature)), logit);
        })]);
    }
}
