using ModelTool.Evaluate;

namespace ModelTool.Tests.Evaluate;

public sealed class ReliabilityTests
{
    private static readonly HeadSamples Six = Cases.Two((1, 0.9f), (1, 0.8f), (0, 0.7f), (1, 0.4f), (0, 0.4f), (0, 0.1f));

    [Fact]
    public void Error_ShouldWeighTheBins()
    {
        // Confidences 0.9 (hit), 0.8 (hit), 0.7 (miss), 0.6 (miss), 0.6 (hit), 0.9 (hit); of 15 bins: 13 has 0.9 twice, 12 has 0.8 (0.8 to 0.867),
        // 10 has 0.7, 9 has 0.6 twice. |2 - 1.8| + |1 - 0.8| + |0 - 0.7| + |1 - 1.2| = 1.3, over 6.
        Assert.Equal(1.3 / 6, Reliability.Error(Reliability.Claims(Six))!.Value, 6);
    }

    [Fact]
    public void Error_ShouldTakeEveryLabel_WhenTheyAreIndependent()
    {
        var head = Cases.Sigmoid(([true, false], [0.9f, 0.9f]), ([false, null], [0.1f, 0.5f]));

        // bin 13: 0.9 true, 0.9 false: |1 - 1.8|; bin 1: 0.1 false: |0 - 0.1|; the unknown label is no claim
        Assert.Equal(0.9 / 3, Reliability.Error(Reliability.Claims(head))!.Value, 6);
    }

    [Fact]
    public void Error_ShouldPutCertaintyIntoTheLastBin() =>
        Assert.Equal(0.5, Reliability.Error(Reliability.Claims(Cases.Two((1, 1f), (1, 0f))))!.Value, 12);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Error_ShouldLieBetweenTheOverallGapAndOne(int seed)
    {
        var claims = Reliability.Claims(Cases.Two(Cases.Random(seed))).ToList();
        var gap = Math.Abs(claims.Average(claim => claim.Truth ? 1.0 : 0) - claims.Average(claim => claim.Probability));

        Assert.InRange(Reliability.Error(claims)!.Value, gap - 1e-9, 1);
    }

    [Fact]
    public void Error_ShouldBeZero_WhenEveryBinKeepsItsWord() =>
        Assert.Equal(0, Reliability.Error([new(true, 0.75f), new(true, 0.75f), new(true, 0.75f), new(false, 0.75f), new(true, 1f)])!.Value, 12);

    [Fact]
    public void Brier_ShouldAverageTheSquares() =>
        Assert.Equal((0.01 + 0.04 + 0.49 + 0.36 + 0.16 + 0.01) / 6, Reliability.Brier(Six)!.Value, 6);
}
