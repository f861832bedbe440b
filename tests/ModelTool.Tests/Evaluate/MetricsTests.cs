using ModelTool.Evaluate;

namespace ModelTool.Tests.Evaluate;

public sealed class MetricsTests
{
    // truth and probability of the second label
    private static readonly Sample[] Six =
    [
        Two(1, 0.9f), Two(1, 0.8f), Two(0, 0.7f), Two(1, 0.4f), Two(0, 0.4f), Two(0, 0.1f),
    ];

    [Fact]
    public void MacroF1_ShouldAverageTheLabels()
    {
        // label 1: 2 hits, 3 predicted, 3 true: 2/3; label 0: 2 hits, 3 predicted, 3 true: 2/3
        Assert.Equal(2 / 3.0, Metrics.MacroF1(Six, 2), 12);

        // label 1: 1 hit of 2 predicted, 1 true: 2/3; label 0: 0 hits: 0
        Assert.Equal(1 / 3.0, Metrics.MacroF1([Two(1, 0.6f), Two(0, 0.6f)], 2), 12);
    }

    [Fact]
    public void MacroF1_ShouldLeaveOutLabelsThatDoNotOccur() =>
        Assert.Equal(1.0, Metrics.MacroF1([Two(1, 0.6f), Two(1, 0.5f)], 2), 12);

    [Fact]
    public void MacroF1_ShouldTakeTheMostProbableOfManyLabels()
    {
        Sample[] samples = [new("-", 2, [0.2f, 0.3f, 0.5f]), new("-", 0, [0.6f, 0.3f, 0.1f]), new("-", 1, [0.5f, 0.3f, 0.2f])];

        // label 0: 1 hit, 2 predicted, 1 true: 2/3; label 1: 0; label 2: 1
        Assert.Equal((2 / 3.0 + 1) / 3, Metrics.MacroF1(samples, 3), 12);
    }

    [Fact]
    public void RocAuc_ShouldCountTiesHalf()
    {
        // pairs (positive, negative): 0.9 beats three, 0.8 beats three, 0.4 beats 0.1, ties 0.4, loses to 0.7: 7.5 of 9
        Assert.Equal(7.5 / 9, Metrics.RocAuc(Six, 2)!.Value, 12);
    }

    [Fact]
    public void RocAuc_ShouldBeUndefined_WhenOneLabelHasNoPosts() =>
        Assert.Null(Metrics.RocAuc([Two(1, 0.9f), Two(1, 0.1f)], 2));

    [Fact]
    public void CalibrationError_ShouldWeighTheBins()
    {
        // Confidences 0.9 (hit), 0.8 (hit), 0.7 (miss), 0.6 (miss), 0.6 (hit), 0.9 (hit); of 15 bins: 13 has 0.9 twice, 12 has 0.8 (0.8 to 0.867),
        // 10 has 0.7, 9 has 0.6 twice. |2 - 1.8| + |1 - 0.8| + |0 - 0.7| + |1 - 1.2| = 1.3, over 6.
        Assert.Equal(1.3 / 6, Metrics.CalibrationError(Six), 6);
    }

    [Fact]
    public void CalibrationError_ShouldPutCertaintyIntoTheLastBin() =>
        Assert.Equal(0.5, Metrics.CalibrationError([Two(1, 1f), Two(1, 0f)]), 12);

    private static Sample Two(int truth, float probability) => new("-", truth, [1 - probability, probability]);
}
