using System.Text.Json;
using System.Text.Json.Nodes;
using Shared.Tests.Support;
using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Infer;

namespace Shared.Tests.Infer;

/// <summary>Graphs that do not fit their manifest.</summary>
public sealed class GraphContractTests
{
    private static readonly HeadManifest Score = new("score", HeadKind.Softmax, ["no", "yes"]);

    [Fact]
    public void Open_ShouldNameAllInputFaultsAtOnce()
    {
        var graph = new MeanGraph { Inputs = [("tokens", MeanGraph.Int64), ("attention_mask", MeanGraph.Double)] };

        var message = Refusal(graph, Score);

        Assert.Contains("the graph wants an input 'tokens' and a padded layout gives input_ids, attention_mask and token_type_ids", message, StringComparison.Ordinal);
        Assert.Contains("the graph's input 'attention_mask' must hold int64 or int32", message, StringComparison.Ordinal);
        Assert.Contains("the graph has no input 'input_ids'", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    [Fact]
    public void Open_ShouldNameAllInputFaultsAtOnce_WhenTheLayoutIsPacked()
    {
        var graph = new MeanGraph { Inputs = [("ids", MeanGraph.Int64), ("attention_mask", MeanGraph.Int64)] };
        using var bundle = TestBundle.Of(graph.Build(), Score);
        bundle.Edit(json => json["variants"]!["cpu"]!["layout"] = "packed");

        var message = Assert.Throws<BundleException>(() => OnnxScorer.Open(bundle.Open(), new InferOptions())).Message;

        Assert.Contains("the graph wants an input 'attention_mask' and a packed layout gives ids, positions, segments and bounds", message, StringComparison.Ordinal);
        Assert.Contains("the graph's input 'ids' has shape [batch, sequence] and needs [size], dynamic", message, StringComparison.Ordinal);
        Assert.Contains("the graph has no input 'positions'; the graph has no input 'bounds'", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_ShouldRefuse_WhenTheSequenceLengthIsFixed() =>
        Assert.Contains(
            "the graph's input 'input_ids' has shape [batch, 32] and needs [batch, sequence], both dynamic",
            Refusal(new MeanGraph { Sequence = 32 }, Score),
            StringComparison.Ordinal);

    [Fact]
    public void Open_ShouldRefuse_WhenTheLabelCountDiffers() =>
        Assert.Contains(
            "the graph's output 'score' has shape [batch, 3] and head 'score' has 2 labels",
            Refusal(new MeanGraph { Outputs = [("score", [1f, 2f, 3f])] }, Score),
            StringComparison.Ordinal);

    [Fact]
    public void Open_ShouldRefuse_WhenTheLabelCountDiffersAndOnlyARunShowsIt() =>
        Assert.Contains(
            "output 'score' has shape [3, 3] for 3 rows and head 'score' has 2 labels",
            Refusal(new MeanGraph { Outputs = [("score", [1f, 2f, 3f])], DeclareLabels = false }, Score),
            StringComparison.Ordinal);

    [Fact]
    public void Open_ShouldRefuse_WhenAnOutputIsMissing() =>
        Assert.Contains(
            "the graph has no output for head 'hate', it has score",
            Refusal(new MeanGraph(), Score, Score with { Name = "hate" }),
            StringComparison.Ordinal);

    [Fact]
    public void Open_ShouldRefuse_WhenOutputsCannotBeMatched() =>
        Assert.Contains(
            "the graph's outputs (score) are not the heads' names (fake, hate)",
            Refusal(new MeanGraph(), Score with { Name = "fake" }, Score with { Name = "hate" }),
            StringComparison.Ordinal);

    [Fact]
    public void Open_ShouldRefuse_WhenAnOutputHoldsDoubles() =>
        Assert.Contains(
            "the graph's output 'score' must hold float or float16", Refusal(new MeanGraph { OutputType = MeanGraph.Double }, Score), StringComparison.Ordinal);

    [Theory]
    [InlineData(8001, 512)]
    [InlineData(8000, 513)]
    public void Open_ShouldRefuse_WhenTheGraphIsSmallerThanTheManifestSays(int vocabulary, int positions)
    {
        using var bundle = TestBundle.TinyBert(manifest => manifest with
        {
            Encoder = manifest.Encoder with { Vocabulary = vocabulary, Positions = positions },
            MaxTokens = positions,
        });
        File.AppendAllLines(bundle.PathOf("vocab.txt"), vocabulary > 8000 ? ["one-too-many"] : []);
        bundle.Edit(json => json["files"] = new JsonArray(
            Describe(bundle, "model.onnx"), Describe(bundle, "vocab.txt")));

        var message = Assert.Throws<BundleException>(() => OnnxScorer.Open(bundle.Open(), new InferOptions())).Message;

        Assert.Contains($"its first run, with rows of up to {positions} tokens, failed: ", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_ShouldRefuse_WhenTheGraphIsNoGraph()
    {
        using var bundle = TestBundle.Of("no graph"u8.ToArray(), Score);

        var message = Assert.Throws<BundleException>(() => OnnxScorer.Open(bundle.Open(), new InferOptions())).Message;

        Assert.StartsWith($"The graph {bundle.PathOf("model.onnx")} does not load: ", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    [Fact]
    public void Open_ShouldRefuseHeadsThatTheWorkerDoesNotServe()
    {
        using var bundle = TestBundle.Of(new MeanGraph().Build(), Score, new HeadManifest("entities", HeadKind.Token, ["O", "B"]));

        var message = Assert.Throws<BundleException>(() => OnnxScorer.Open(bundle.Open(), new InferOptions())).Message;

        Assert.Contains("heads 'entities' (token) are not softmax or sigmoid", message, StringComparison.Ordinal);
    }

    private static JsonNode? Describe(TestBundle bundle, string name) =>
        JsonSerializer.SerializeToNode(FileManifest.Describe(bundle.Folder, name), BundleJson.Default.FileManifest);

    private static string Refusal(MeanGraph graph, params HeadManifest[] heads)
    {
        using var bundle = TestBundle.Of(graph.Build(), heads);
        return Assert.Throws<BundleException>(() => OnnxScorer.Open(bundle.Open(), new InferOptions())).Message;
    }
}
