using Shared.Tests.Support;
using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Infer;

namespace Shared.Tests.Infer;

public sealed class PackedInputsTests
{
    private static readonly HeadManifest Score = new("score", HeadKind.Softmax, ["id", "position", "segment"]);

    [Theory]
    [InlineData(MeanGraph.Int32)]
    [InlineData(MeanGraph.Int64)]
    public void Score_ShouldLayRowsOneAfterTheOther(int type)
    {
        using var bundle = TestBundle.Of(PackedGraph.Build(type), Score);
        bundle.Edit(json => json["variants"]!["cpu"]!["layout"] = "packed");
        using var scorer = OnnxScorer.Open(bundle.Open(), new InferOptions { Device = DeviceChoice.Cpu });
        ReadOnlyMemory<int>[] posts = [new[] { 1, 2, 9, 4 }, new[] { 7 }, new[] { 5, 6 }, new[] { 3, 3, 8 }];

        // Twice, and a shorter call between: nothing of an earlier call is left.
        Assert.Equal([[4f, 3, 0], [7, 0, 0], [6, 1, 0], [8, 2, 0]], scorer.Logits(posts));
        Assert.Equal([[2f, 1, 0]], scorer.Logits([new[] { 1, 2 }]));
        Assert.Equal([[4f, 3, 0], [7, 0, 0], [6, 1, 0], [8, 2, 0]], scorer.Logits(posts));
        Assert.False(scorer.Pads);
    }

    [Fact]
    public void Score_ShouldTellTheSecondTextApart_WhenAHeadReadsPairs()
    {
        using var bundle = TestBundle.Of(PackedGraph.Build(MeanGraph.Int64), Score with { Pair = true });
        bundle.Edit(json => json["variants"]!["cpu"]!["layout"] = "packed");
        using var scorer = OnnxScorer.Open(bundle.Open(), new InferOptions { Device = DeviceChoice.Cpu });
        ReadOnlyMemory<int>[] posts = [new[] { 2, 5, 3, 6, 7, 3 }, new[] { 2, 5, 3 }, new[] { 2, 8 }];

        // [SEP] is 3. Twice, the rows in other places: nothing of an earlier call is left.
        Assert.Equal([[3f, 5, 1], [3, 2, 0], [8, 1, 0]], scorer.Logits(posts));
        Assert.Equal([[3f, 2, 0], [3, 2, 0]], scorer.Logits([new[] { 2, 5, 3 }, new[] { 2, 6, 3 }]));
    }

    [Fact]
    public void Score_ShouldLeaveSegmentsAtZero_WhenNoHeadReadsPairs()
    {
        using var bundle = TestBundle.Of(PackedGraph.Build(MeanGraph.Int64), Score);
        bundle.Edit(json => json["variants"]!["cpu"]!["layout"] = "packed");
        using var scorer = OnnxScorer.Open(bundle.Open(), new InferOptions { Device = DeviceChoice.Cpu });

        Assert.Equal([[3f, 5, 0]], scorer.Logits([new[] { 2, 5, 3, 6, 7, 3 }]));
    }
}
