using ModelTool.Train;

namespace ModelTool.Tests.Train;

public sealed class BatchPlanTests
{
    private static readonly Example[] Examples =
        [.. Enumerable.Range(0, 5_000).Select(i => new Example(new int[3 + (i * 7919 % 100)], null, [[0]], 1))];

    [Fact]
    public void Shuffled_ShouldHoldEveryRowOnce_WhenCut()
    {
        var plan = BatchPlan.Shuffled(Examples, 32, 1, 0);

        Assert.Equal(Enumerable.Range(0, Examples.Length), plan.SelectMany(rows => rows).Order());
        Assert.All(plan, rows => Assert.InRange(rows.Length, 1, 32));
    }

    [Fact]
    public void Shuffled_ShouldPadLittle_WhenLengthsDiffer()
    {
        var plan = BatchPlan.Shuffled(Examples, 32, 1, 0);

        var padded = plan.Sum(rows => rows.Length * rows.Max(row => Examples[row].Ids.Length));
        Assert.InRange(padded / (double)Examples.Sum(row => row.Ids.Length), 1, 1.05);
    }

    [Fact]
    public void Shuffled_ShouldDependOnSeedAndEpochOnly_WhenAskedAgain()
    {
        Assert.Equal(BatchPlan.Shuffled(Examples, 32, 1, 2), BatchPlan.Shuffled(Examples, 32, 1, 2));
        Assert.NotEqual(BatchPlan.Shuffled(Examples, 32, 1, 2), BatchPlan.Shuffled(Examples, 32, 1, 3));
        Assert.NotEqual(BatchPlan.Shuffled(Examples, 32, 1, 2), BatchPlan.Shuffled(Examples, 32, 2, 2));
    }
}
