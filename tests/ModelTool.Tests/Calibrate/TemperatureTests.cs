using ModelTool.Calibrate;
using ModelTool.Evaluate;

namespace ModelTool.Tests.Calibrate;

public sealed class TemperatureTests
{
    // Three of four are true at one logit: best where its probability is 3/4, so at logit / ln 3.
    [Fact]
    public void Fit_ShouldMakeTheProbabilityTheShareThatIsTrue()
    {
        Assert.Equal(2 / Math.Log(3), Temperature.Fit(Rows.Two((true, 2), (true, 2), (true, 2), (false, 2)))!.Value, 4);
        Assert.Equal(2 / Math.Log(3), Temperature.Fit(Rows.Sigmoid(([true, null], [2, 9]), ([true, true], [2, 2]), ([null, false], [9, 2])))!.Value, 4);
    }

    [Fact]
    public void NegativeLogLikelihood_ShouldBeTheMean()
    {
        // softmax [0, ln 3] at 1: 3/4 and 1/4
        Assert.Equal((-Math.Log(0.75) - Math.Log(0.25)) / 2, Temperature.NegativeLogLikelihood(Rows.Two((true, MathF.Log(3)), (false, MathF.Log(3))), 1), 6);

        // at 2 the logit is ln 3 / 2, e^that is the root of 3
        Assert.Equal(-Math.Log(Math.Sqrt(3) / (1 + Math.Sqrt(3))), Temperature.NegativeLogLikelihood(Rows.Two((true, MathF.Log(3))), 2), 6);

        // sigmoid: known labels only
        Assert.Equal((Math.Log(2) - Math.Log(0.25)) / 2, Temperature.NegativeLogLikelihood(Rows.Sigmoid(([true, false, null], [0, MathF.Log(3), 7])), 1), 6);
    }

    [Theory]
    [InlineData(1, 0.5)]
    [InlineData(2, 1)]
    [InlineData(3, 1.7)]
    [InlineData(4, 4)]
    public void Fit_ShouldFindTheTemperatureThatLabelsWereDrawnWith(int seed, double temperature)
    {
        var head = Rows.Drawn(seed, 20_000, temperature);
        var found = Temperature.Fit(head)!.Value;

        Assert.InRange(found / temperature, 0.94, 1.06);
        Assert.InRange(Reliability.Error(Reliability.Claims(head.At(found)))!.Value, 0, 0.015);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Fit_ShouldNeverMakeTheRowsLessLikely(int seed)
    {
        var random = new Random(seed);
        var head = Rows.Two([.. Enumerable.Range(0, 12).Select(i => (i == 0 || random.Next(2) == 0, (float)((random.NextDouble() * 20) - 10))), (false, 1)]);
        var found = Temperature.NegativeLogLikelihood(head, Temperature.Fit(head)!.Value);

        Assert.True(found <= Temperature.NegativeLogLikelihood(head, 1));
        for (var other = Temperature.Lowest; other < Temperature.Highest; other *= 1.1)
        {
            Assert.True(found <= Temperature.NegativeLogLikelihood(head, other) + 1e-6, $"{other}");
        }
    }

    [Fact]
    public void Fit_ShouldStretchWithTheLogits()
    {
        var head = Rows.Drawn(9, 500, 1);
        var tripled = head with { Rows = [.. head.Rows.Select(row => row with { Logits = [.. row.Logits.Select(logit => 3 * logit)] })] };

        Assert.Equal(3 * Temperature.Fit(head)!.Value, Temperature.Fit(tripled)!.Value, 3);
    }

    [Fact]
    public void Fit_ShouldStopAtTheEnd_WhenEveryLogitIsRight() =>
        Assert.Equal(Temperature.Lowest, Temperature.Fit(Rows.Two((true, 1), (false, -1)))!.Value, 3);

    [Fact]
    public void Fit_ShouldBeUndefined_WhenThereIsOneAnswerOnly()
    {
        Assert.Null(Temperature.Fit(Rows.Two((true, 1), (true, -1))));
        Assert.Null(Temperature.Fit(Rows.Two()));
        Assert.Null(Temperature.Fit(Rows.Sigmoid(([true, null], [1, 1]))));
    }
}
