using ModelTool.Evaluate;

namespace ModelTool.Tests.Evaluate;

public sealed class QualityTests
{
    private static readonly HeadSamples Six = Cases.Two((1, 0.9f), (1, 0.8f), (0, 0.7f), (1, 0.4f), (0, 0.4f), (0, 0.1f));

    [Fact]
    public void Of_ShouldCountHitsAndMisses()
    {
        var quality = Quality.Of(Six);

        Assert.Equal((6, 4 / 6.0), (quality.Rows, quality.Accuracy));
        Assert.Equal([[2, 1], [1, 2]], quality.Confusion!);
        var second = quality.Labels["l1"];
        Assert.Equal((3, 3, 2), (second.Positives, second.Chosen, second.Hits));
        Assert.Equal((2 / 3.0, 2 / 3.0, 2 / 3.0), (second.Precision, second.Recall, second.F1));
        Assert.Empty(quality.Notes);
    }

    [Fact]
    public void MacroF1_ShouldAverageTheLabels()
    {
        // label 1: 2 hits, 3 predicted, 3 true: 2/3; label 0: 2 hits, 3 predicted, 3 true: 2/3
        Assert.Equal(2 / 3.0, Quality.Of(Six).MacroF1!.Value, 12);

        // label 1: 1 hit of 2 predicted, 1 true: 2/3; label 0: 0 hits: 0
        Assert.Equal(1 / 3.0, Quality.Of(Cases.Two((1, 0.6f), (0, 0.6f))).MacroF1!.Value, 12);
    }

    [Fact]
    public void MacroF1_ShouldLeaveOutLabelsThatDoNotOccur() =>
        Assert.Equal(1.0, Quality.Of(Cases.Two((1, 0.6f), (1, 0.5f))).MacroF1!.Value, 12);

    [Fact]
    public void MacroF1_ShouldTakeTheMostProbableOfManyLabels()
    {
        var samples = Cases.Softmax(3, (2, [0.2f, 0.3f, 0.5f]), (0, [0.6f, 0.3f, 0.1f]), (1, [0.5f, 0.3f, 0.2f]));

        // label 0: 1 hit, 2 predicted, 1 true: 2/3; label 1: 0; label 2: 1
        Assert.Equal((2 / 3.0 + 1) / 3, Quality.Of(samples).MacroF1!.Value, 12);
    }

    [Fact]
    public void Of_ShouldSayWhy_WhenALabelNeverOccurs()
    {
        var quality = Quality.Of(Cases.Two((0, 0.4f), (0, 0.1f)));

        Assert.Null(quality.RocAuc);
        Assert.Null(quality.PrAuc);
        Assert.Equal((null, null), (quality.Labels["l1"].Precision, quality.Labels["l1"].Recall));
        Assert.Equal(
            [
                "every post has the label l0: its ROC-AUC is not defined",
                "no post has the label l1: its recall, ROC-AUC and PR-AUC are not defined",
                "l1 is never chosen: its precision is not defined",
            ],
            quality.Notes);
    }

    [Fact]
    public void Of_ShouldBeUndefined_WhenThereAreNoPosts()
    {
        var quality = Quality.Of(Cases.Two());

        Assert.Equal((0, null, null, null, null), (quality.Rows, quality.Accuracy, quality.MacroF1, quality.CalibrationError, quality.Brier));
        Assert.Equal(["no post is left: nothing is defined"], quality.Notes);
    }

    [Fact]
    public void Of_ShouldLeaveUnknownLabelsOut()
    {
        var quality = Quality.Of(Cases.Sigmoid(([true, null], [0.9f, 0.9f]), ([false, true], [0.6f, 0.9f])));

        Assert.Equal(0.5, quality.Accuracy); // the second post's first label is wrong
        Assert.Equal((2, 1), (quality.Labels["l0"].Rows, quality.Labels["l1"].Rows));
        Assert.Equal((2, 1), (quality.Labels["l0"].Chosen, quality.Labels["l1"].Chosen));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Of_ShouldNotDependOnTheOrderOfThePosts(int seed)
    {
        var posts = Cases.Random(seed);
        var (straight, shuffled) = (Quality.Of(Cases.Two(posts)), Quality.Of(Cases.Two([.. posts.OrderBy(post => post.Probability).ThenBy(post => -post.Truth)])));

        Assert.Equal(straight.MacroF1, shuffled.MacroF1);
        Assert.Equal(straight.RocAuc!.Value, shuffled.RocAuc!.Value, 12);
        Assert.Equal(straight.PrAuc!.Value, shuffled.PrAuc!.Value, 12);
        Assert.Equal(straight.CalibrationError!.Value, shuffled.CalibrationError!.Value, 12);
        Assert.Equal(straight.Brier!.Value, shuffled.Brier!.Value, 12);
    }
}
