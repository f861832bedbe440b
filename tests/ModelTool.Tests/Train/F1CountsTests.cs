using ModelTool.Train;

namespace ModelTool.Tests.Train;

public sealed class F1CountsTests
{
    [Fact]
    public void Macro_ShouldAverageTheLabelsThatOccur_WhenOneDoesNot()
    {
        var counts = new F1Counts(3);
        foreach (var (truth, predicted) in ((int, int)[])[(0, 0), (0, 1), (1, 1), (-1, 2)])
        {
            counts.AddOne(truth, predicted);
        }

        Assert.Equal(2 / 3.0, counts.Macro, 1e-12); // both 2 · 1 / 3
    }

    [Fact]
    public void Macro_ShouldLookAtEachLabelAlone_WhenSeveralApply()
    {
        var counts = new F1Counts(2);
        counts.AddEach(0, 1, true);
        counts.AddEach(1, 1, false);
        counts.AddEach(1, -1, true);

        Assert.Equal(0.5, counts.Macro);
    }
}
