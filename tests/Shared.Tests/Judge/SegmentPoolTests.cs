using Shared.Tests.Support;
using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Encode;
using StreamScorer.Shared.Group;
using StreamScorer.Shared.Judge;

namespace Shared.Tests.Judge;

public sealed class SegmentPoolTests
{
    [Theory]
    [InlineData(HeadKind.Softmax)]
    [InlineData(HeadKind.Sigmoid)]
    public void Pool_ShouldTakeTheMeanOfEachLogit(HeadKind kind) =>
        Assert.Equal([2f, -1f], Pool(SegmentAggregate.Mean, kind, [1, -4], [3, 2]));

    [Fact]
    public void Pool_ShouldTakeEachLabelsLargest_WhenTheHeadIsSigmoid() =>
        Assert.Equal([3f, 0f, 9f], Pool(SegmentAggregate.Max, HeadKind.Sigmoid, [3, -2, 9], [-1, 0, 8]));

    [Fact]
    public void Pool_ShouldTakeTheLargestProbabilityOfTheSecondLabel_WhenTheHeadHasTwo()
    {
        // One segment that says yes outweighs two that say no as firmly as can be.
        var pooled = Pool(SegmentAggregate.Max, HeadKind.Softmax, [50, -50], [1, 3], [100, 1]);

        Assert.Equal(HeadProbabilities.Of(HeadKind.Softmax, [1, 3], 1), HeadProbabilities.Of(HeadKind.Softmax, pooled, 1));
    }

    [Fact]
    public void Pool_ShouldTakeEachLabelsLargestProbability_WhenTheHeadHasMore()
    {
        float[][] segments = [[1000, 1001, 998], [-2, -2, 3]];
        var pooled = Pool(SegmentAggregate.Max, HeadKind.Softmax, segments);

        var each = segments.Select(segment => HeadProbabilities.Of(HeadKind.Softmax, segment, 1)).ToList();
        var largest = Enumerable.Range(0, 3).Select(label => each.Max(probabilities => probabilities[label])).ToList();
        var actual = HeadProbabilities.Of(HeadKind.Softmax, pooled, 1);
        Assert.All(largest.Zip(actual), pair => Assert.Equal(pair.First / largest.Sum(), pair.Second, 1e-5f));
    }

    /// <summary>So that a calibrated policy means the same for segments as for whole texts.</summary>
    [Theory]
    [InlineData(SegmentAggregate.Mean, HeadKind.Softmax, 3)]
    [InlineData(SegmentAggregate.Mean, HeadKind.Sigmoid, 3)]
    [InlineData(SegmentAggregate.Max, HeadKind.Softmax, 2)]
    [InlineData(SegmentAggregate.Max, HeadKind.Sigmoid, 3)]
    public void Pool_ShouldCommuteWithATemperature(SegmentAggregate aggregate, HeadKind kind, int labels)
    {
        var random = new Random(7);
        float[][] segments = [.. Enumerable.Range(0, 4).Select(_ => Enumerable.Range(0, labels).Select(_ => 8 * random.NextSingle()).ToArray())];

        var after = HeadProbabilities.Of(kind, Pool(aggregate, kind, segments), 2);
        var before = HeadProbabilities.Of(kind, Pool(aggregate, kind, [.. segments.Select(segment => segment.Select(logit => logit / 2).ToArray())]), 1);

        Assert.All(after.Zip(before), pair => Assert.Equal(pair.First, pair.Second, 1e-6f));
    }

    [Fact]
    public void Logits_ShouldFindATextsSegmentsAmongTheRows()
    {
        using var bundle = TestBundle.TinyBert(manifest => manifest with { Segments = new SegmentSettings { Overlap = 8 } });
        var pool = new SegmentPool(bundle.Open().Manifest);
        // Sorted by length, and the second and the last segment are equal: rows are [7], [1, 2], [5, 5, 5].
        var grouping = Grouper.Cut([new[] { 5, 5, 5 }, new[] { 7 }, new[] { 1, 2 }, new[] { 7 }], new GroupOptions());
        float[] logits = [.. Row(1), .. Row(10), .. Row(100)];

        Assert.Equal(Row(100), pool.Logits(logits, grouping, 0, 1).ToArray());
        Assert.Equal(Row(4), pool.Logits(logits, grouping, 1, 3).ToArray());

        static float[] Row(float first) => [first, first + 1, first + 2, first + 3, first + 4, first + 5];
    }

    private static float[] Pool(SegmentAggregate aggregate, HeadKind kind, params float[][] segments)
    {
        // With other heads' logits on both sides.
        var labels = segments[0].Length;
        float[] rows = [.. segments.SelectMany(segment => (float[])[float.NaN, .. segment, float.NaN])];
        var pooled = new float[labels];
        SegmentPool.Pool(aggregate, kind, rows.AsSpan(1), labels + 2, pooled);
        return pooled;
    }
}
