using ModelTool.Evaluate;

namespace ModelTool.Tests.Evaluate;

public sealed class RankingTests
{
    private static readonly Outcome[] Six = [new(true, 0.9f), new(true, 0.8f), new(false, 0.7f), new(true, 0.4f), new(false, 0.4f), new(false, 0.1f)];

    [Fact]
    public void RocAuc_ShouldCountTiesHalf()
    {
        // pairs (positive, negative): 0.9 beats three, 0.8 beats three, 0.4 beats 0.1, ties 0.4, loses to 0.7: 7.5 of 9
        Assert.Equal(7.5 / 9, Ranking.RocAuc(Six)!.Value, 12);
    }

    [Fact]
    public void PrAuc_ShouldWeighPrecisionByTheRecallItAdds()
    {
        // thresholds 0.9: 1 of 1; 0.8: 2 of 2; 0.7 adds no recall; 0.4: 3 of 5 (the tie is one threshold)
        Assert.Equal((1 + 1 + 3 / 5.0) / 3, Ranking.PrAuc(Six)!.Value, 12);
    }

    [Fact]
    public void Areas_ShouldBeUndefined_WhenOneAnswerHasNoPosts()
    {
        Assert.Null(Ranking.RocAuc([new(true, 0.9f)]));
        Assert.Null(Ranking.RocAuc([new(false, 0.9f)]));
        Assert.Null(Ranking.PrAuc([new(false, 0.9f)]));
        Assert.Null(Ranking.RocAuc([]));
        Assert.Equal(1.0, Ranking.PrAuc([new(true, 0.1f)]));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void RocAuc_ShouldEqualTheShareOfPairsInOrder(int seed)
    {
        var posts = Cases.Random(seed);
        var pairs = posts.Where(post => post.Truth == 1).SelectMany(yes => posts.Where(post => post.Truth == 0).Select(no => yes.Probability.CompareTo(no.Probability))).ToList();
        var share = pairs.Average(order => order > 0 ? 1.0 : order == 0 ? 0.5 : 0);

        Assert.Equal(share, Ranking.RocAuc(Outcome.Of(Cases.Two(posts), 1))!.Value, 12);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void PrAuc_ShouldEqualTheSumOverThresholds(int seed)
    {
        var outcomes = Outcome.Of(Cases.Two(Cases.Random(seed)), 1);
        var (area, lastRecall) = (0.0, 0.0);
        foreach (var threshold in outcomes.Select(outcome => outcome.Probability).Distinct().OrderDescending())
        {
            var caught = outcomes.Where(outcome => outcome.Probability >= threshold).ToList();
            var recall = (double)caught.Count(outcome => outcome.Truth) / outcomes.Count(outcome => outcome.Truth);
            area += (recall - lastRecall) * caught.Count(outcome => outcome.Truth) / caught.Count;
            lastRecall = recall;
        }

        Assert.Equal(area, Ranking.PrAuc(outcomes)!.Value, 12);
    }
}
