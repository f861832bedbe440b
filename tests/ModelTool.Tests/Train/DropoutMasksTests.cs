using ModelTool.Train;

namespace ModelTool.Tests.Train;

public sealed class DropoutMasksTests
{
    private static readonly MaskInput[] Masks = [new("a", 100, 0, false), new("b", 0, 3, true)];

    [Fact]
    public void Draw_ShouldDropTheShareAndScaleTheRest_WhenDrawn()
    {
        using var masks = new DropoutMasks(0.1, 1, 2);

        var mask = masks.Draw(Masks, 0, 40, 50).Single(mask => mask.Name == "a").Mask;

        Assert.Equal([2_000, 100], mask.GetTensorTypeAndShape().Shape);
        var values = mask.GetTensorDataAsSpan<float>().ToArray();
        Assert.Equal([0, 1 / 0.9f], values.Distinct().Order());
        Assert.Equal(0.1, values.Count(value => value == 0) / (double)values.Length, 0.003); // 4.5 standard deviations
    }

    [Fact]
    public void Draw_ShouldGiveTheSameAgain_WhenOtherStepsWereDrawnBetween()
    {
        using var masks = new DropoutMasks(0.1, 1, 2);
        float[] Draw(long step, string name) => masks.Draw(Masks, step, 7, 11).Single(mask => mask.Name == name).Mask.GetTensorDataAsSpan<float>().ToArray();
        var first = Draw(5, "b");
        var other = Draw(6, "b");

        Assert.Equal(first, Draw(5, "b"));
        Assert.NotEqual(first, other);
        Assert.NotEqual(first, Draw(5, "a")[..first.Length]);
    }
}
