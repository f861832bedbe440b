using ModelTool.Train;

namespace ModelTool.Tests.Train;

public sealed class BatchMakerTests
{
    private static readonly int[] Ids = [2, 5, 3];

    [Fact]
    public void Make_ShouldWeightTargets_WhenRowsAreLabelledTaughtOrNeither()
    {
        var head = new HeadConfig { Labels = ["no", "yes"], ClassWeights = [1, 3] };
        Example[] rows =
        [
            new(Ids, null, [[1]], 2),
            new(Ids, null, [[-1]], 2) { Soft = [new SoftLabel([0.75f, 0.25f], 0.5f)] },
            new(Ids, null, [[-1]], 1) { Soft = [null] },
        ];

        var target = new BatchMaker([new("hate", head)]).Make(rows, [0, 1, 2]).Targets["hate"];

        Assert.Equal(new float[] { 0, 6, 0.75f, 0.75f, 0, 0 }, target.Target);
        Assert.Equal(1 / 7.5f, target.Scale);
    }

    [Fact]
    public void Make_ShouldAverageOverTheLabels_WhenAHeadSaysYesOrNoToEach()
    {
        var head = new HeadConfig { Kind = "sigmoid", Labels = ["a", "b"], ClassWeights = [1, 3] };
        Example[] rows =
        [
            new(Ids, null, [[1, -1]], 1),
            new(Ids, null, [[-1, -1]], 2) { Soft = [new SoftLabel([0.5f, 0.5f], 0.5f)] },
        ];

        var target = new BatchMaker([new("toxicity", head)]).Make(rows, [0, 1]).Targets["toxicity"];

        Assert.Equal(new float[] { 1, 0, 0.5f, 0.5f }, target.Target);
        Assert.Equal(new float[] { 1, 0, 1, 2 }, target.Weight);
        Assert.Equal(1 / 3f, target.Scale);
    }
}
