using ModelTool.Evaluate;

namespace ModelTool.Tests.Evaluate;

public sealed class ComparisonTests
{
    [Theory]
    [InlineData(0, 0, 1)]
    [InlineData(5, 5, 1)]
    [InlineData(0, 5, 2 / 32.0)]
    [InlineData(1, 5, 2 * (1 + 6) / 64.0)]
    [InlineData(8, 2, 2 * (1 + 10 + 45) / 1024.0)]
    public void McNemarExact_ShouldDoubleTheSmallerTail(int first, int second, double p) =>
        Assert.Equal(p, HeadComparison.McNemarExact(first, second), 12);

    [Fact]
    public void McNemarExact_ShouldStayFinite_WhenThereAreManyPosts() =>
        Assert.InRange(HeadComparison.McNemarExact(5_000, 5_200), 0.04, 0.06); // normal approximation with continuity correction: 199 / sqrt(10,200) = 1.970, 0.049

    [Fact]
    public void Of_ShouldListTheFlips()
    {
        var first = Cases.Two((1, 0.9f), (1, 0.4f), (0, 0.4f), (0, 0.1f));
        var second = Cases.Two((1, 0.8f), (1, 0.7f), (0, 0.6f), (0, 0.2f));

        var comparison = HeadComparison.Of(first, second);

        Assert.Equal((4, 1, 1, 1.0), (comparison.Rows, comparison.OnlyFirst, comparison.OnlySecond, comparison.McNemar));
        Assert.Equal(
            [new Flip("p1", "-", null, "l1", "l0", "l1", 0.7f), new Flip("p2", "-", null, "l0", "l0", "l1", 0.6f)],
            comparison.Flips);

        // before: l0 2 hits of 3 chosen, 2 true: 0.8; l1 1 hit of 1, 2 true: 2/3; after the other way round: the average is the same
        Assert.Equal(0, comparison.MacroF1Difference!.Value, 12);
    }

    [Fact]
    public void Of_ShouldCompareWhatBothScored()
    {
        var first = Cases.Two((1, 0.9f), (1, 0.4f));
        var second = first with { Samples = [first.Samples[1]] };

        Assert.Equal((1, 0), (HeadComparison.Of(first, second).Rows, HeadComparison.Of(first, second).Flips.Count));
    }

    [Fact]
    public void Of_ShouldListIndependentLabelsOneByOne()
    {
        var first = Cases.Sigmoid(([true, false], [0.4f, 0.6f]), ([null, true], [0.1f, 0.9f]));
        var second = Cases.Sigmoid(([true, false], [0.6f, 0.6f]), ([null, true], [0.9f, 0.1f]));

        Assert.Equal(
            [new Flip("p0", "-", "l0", "yes", "no", "yes", 0.6f), new Flip("p1", "-", "l1", "yes", "yes", "no", 0.1f)],
            HeadComparison.Of(first, second).Flips);
    }

    [Fact]
    public void Bootstrap_ShouldHoldTheFigureAndRepeatItself()
    {
        var head = Cases.Two(Cases.Random(5, 400));
        var interval = Bootstrap.MacroF1(head)!;
        var figure = Quality.Of(head).MacroF1!.Value;

        Assert.InRange(figure, interval.Low, interval.High);
        Assert.Equal(interval, Bootstrap.MacroF1(head));

        // The standard error of a share near 0.7 on 400 posts is about 0.023; a 95 % interval about 0.09 wide.
        Assert.InRange(interval.High - interval.Low, 0.06, 0.13);
    }

    [Fact]
    public void Bootstrap_ShouldFindNoDifference_WhenNothingChanged()
    {
        var head = Cases.Two(Cases.Random(6));

        Assert.Equal(new Interval(0, 0), Bootstrap.MacroF1Difference(head, head));
    }

    [Fact]
    public void Bootstrap_ShouldBeUndefined_WhenThereIsOnePost() => Assert.Null(Bootstrap.MacroF1(Cases.Two((1, 0.9f))));
}
