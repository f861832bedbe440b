using Shared.Tests.Support;
using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Group;
using StreamScorer.Shared.Infer;

namespace Shared.Tests.Infer;

public sealed class OnnxScorerTests
{
    private static readonly InferOptions Cpu = new() { Device = DeviceChoice.Cpu, Threads = 1 };
    private static readonly HeadManifest Score = new("score", HeadKind.Softmax, ["no", "yes"]);
    private static readonly ReadOnlyMemory<int>[] Posts = [new int[] { 2, 4 }, new int[] { 1, 2, 3, 6 }, new int[] { 5, 7 }];

    [Theory]
    [InlineData(MeanGraph.Int64, MeanGraph.Float)]
    [InlineData(MeanGraph.Int32, MeanGraph.Float)]
    [InlineData(MeanGraph.Int32, MeanGraph.Float16)]
    [InlineData(MeanGraph.Int64, MeanGraph.Float16)]
    public void Score_ShouldReadTheGraphsOwnTypes(int input, int output)
    {
        var graph = new MeanGraph { Inputs = [("input_ids", input), ("attention_mask", input)], OutputType = output };
        using var bundle = TestBundle.Of(graph.Build(), Score);
        using var scorer = OnnxScorer.Open(bundle.Open(), Cpu);

        var logits = scorer.Logits(Posts);

        // Sums over the padded width of 4: this graph counts the padding, so its layout shows.
        Assert.Equal([[1.5f, -1.5f], [3f, -3f], [3f, -3f]], logits);
        Assert.Empty(scorer.Notes);
    }

    [Fact]
    public void Score_ShouldNotPad_WhenTheGraphHasNoMask()
    {
        using var bundle = TestBundle.Of(new MeanGraph { Inputs = [("input_ids", MeanGraph.Int64)] }.Build(), Score);
        using var scorer = OnnxScorer.Open(bundle.Open(), Cpu);

        Assert.Equal([[3f, -3f], [3f, -3f], [6f, -6f]], scorer.Logits(Posts));
    }

    [Fact]
    public void Score_ShouldGiveTheSame_WhenItsBuffersHeldALargerBatchBefore()
    {
        using var bundle = TestBundle.TinyBert();
        using var scorer = OnnxScorer.Open(bundle.Open(), Cpu);
        ReadOnlyMemory<int> post = new[] { 101, 2023, 2003, 102 };
        var before = scorer.Logits([post])[0];

        scorer.Logits([.. Enumerable.Range(0, 40).Select(i => (ReadOnlyMemory<int>)Enumerable.Repeat(1000 + i, 60).ToArray())]);

        Assert.Equal(before, scorer.Logits([post])[0]);
    }

    [Fact]
    public void Score_ShouldLayHeadsSideBySide_WhenTheGraphOrdersItsOutputsDifferently()
    {
        var graph = new MeanGraph { Outputs = [("two", [20f]), ("unused", [9f, 9f]), ("one", [1f, 2f, 3f])] };
        using var bundle = TestBundle.Of(
            graph.Build(), new HeadManifest("one", HeadKind.Softmax, ["a", "b", "c"]), new HeadManifest("two", HeadKind.Sigmoid, ["t"]));
        using var scorer = OnnxScorer.Open(bundle.Open(), Cpu);

        Assert.Equal(4, scorer.LogitCount);
        Assert.Equal([[1f, 2f, 3f, 20f]], scorer.Logits([new[] { 1 }]));
    }

    [Fact]
    public void Open_ShouldTakeOutputsInOrderAndSaySo_WhenNoNameFits()
    {
        var graph = new MeanGraph { Outputs = [("logits", [1f, 2f]), ("logits_1", [3f, 4f])] };
        using var bundle = TestBundle.Of(graph.Build(), Score, Score with { Name = "other" });
        using var scorer = OnnxScorer.Open(bundle.Open(), Cpu);

        Assert.Equal([[1f, 2f, 3f, 4f]], scorer.Logits([new[] { 1 }]));
        Assert.Equal(
            ["The graph's outputs do not have the heads' names and are taken in order: 'logits' as score, 'logits_1' as other."], scorer.Notes);
    }

    [Fact]
    public void Open_ShouldNameTheHead_WhenALogitIsNaN()
    {
        var graph = new MeanGraph { Outputs = [("fine", [1f, 1f]), ("score", [1f, float.NaN])] };
        using var bundle = TestBundle.Of(graph.Build(), Score with { Name = "fine" }, Score);

        var message = Assert.Throws<BundleException>(() => OnnxScorer.Open(bundle.Open(), Cpu)).Message;

        Assert.Contains("The model gave NaN for head 'score' in row 0 of 3", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Score_ShouldNameTheHead_WhenALogitOverflows()
    {
        // 2e38 times a mean of up to 9 / 16 is finite in the first run, and infinite for a post of higher ids.
        var graph = new MeanGraph { Outputs = [("fine", [1f, 1f]), ("score", [1f, 2e38f])] };
        using var bundle = TestBundle.Of(graph.Build(), Score with { Name = "fine" }, Score);
        using var scorer = OnnxScorer.Open(bundle.Open(), Cpu);

        var message = Assert.Throws<InferenceException>(() => scorer.Logits([new[] { 1, 1 }, new[] { 9, 9 }])).Message;

        Assert.Equal("The model gave an infinite logit for head 'score' in row 1 of 2.", message);
    }

    [Fact]
    public void Score_ShouldSayWhatTryingAgainIsGoodFor_WhenTheRuntimeFails()
    {
        using var greedy = TestBundle.Of(new MeanGraph { Greedy = true }.Build(), Score);
        using var scorer = OnnxScorer.Open(greedy.Open(), Cpu);
        using var bert = TestBundle.TinyBert();
        using var tiny = OnnxScorer.Open(bert.Open(), Cpu);
        ReadOnlyMemory<int>[] many = [.. Enumerable.Range(0, 64).Select(i => (ReadOnlyMemory<int>)Enumerable.Repeat(1 + (i % 9), 16 - (i / 9)).ToArray())];

        var memory = Assert.Throws<InferenceException>(() => scorer.Logits(many));
        var bounds = Assert.Throws<InferenceException>(() => tiny.Logits([new[] { 101, 8000, 102 }]));

        Assert.Equal(InferenceFailure.OutOfMemory, memory.Failure);
        Assert.Equal(InferenceFailure.Rows, bounds.Failure);
        Assert.Equal([[3f, -3f]], scorer.Logits([new[] { 2, 4 }]));
    }

    /// <summary>Rows of this bundle have 16 tokens at most; one of them the graph has memory for, and 64 of them no machine has.</summary>
    [Theory]
    [InlineData(1024, 64, false)]
    [InlineData(1024, 1, true)]
    [InlineData(31, 64, true)]
    [InlineData(1, 64, true)]
    public void Reserve_ShouldRunAsManyOfTheLongestRowsAsACallMayHave(int maxTokens, int maxRows, bool fits)
    {
        using var bundle = TestBundle.Of(new MeanGraph { Greedy = true }.Build(), Score);
        using var scorer = OnnxScorer.Open(bundle.Open(), Cpu);

        Assert.Equal(fits, scorer.Reserve(new GroupOptions { MaxTokens = maxTokens, MaxRows = maxRows }));
        Assert.Equal([[3f, -3f]], scorer.Logits([new[] { 2, 4 }]));
    }

    [Fact]
    public void Score_ShouldRefuse_WhenTheSpanIsTooShort()
    {
        using var bundle = TestBundle.Of(new MeanGraph().Build(), Score);
        using var scorer = OnnxScorer.Open(bundle.Open(), Cpu);
        var batch = Grouper.Cut(Posts, new GroupOptions()).Batches[0];

        Assert.Throws<ArgumentOutOfRangeException>(() => scorer.Score(batch, new float[5]));
    }

    [Fact]
    public void Score_ShouldTellTheFaultAndGoOn_WhenOneBatchFails()
    {
        using var bundle = TestBundle.TinyBert();
        using var scorer = OnnxScorer.Open(bundle.Open(), Cpu);

        // An id beyond the vocabulary.
        var message = Assert.Throws<InferenceException>(() => scorer.Logits([new[] { 101, 8000, 102 }])).Message;

        Assert.StartsWith("The model failed on 1 rows, the longest of 3 tokens, on cpu: ", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
        Assert.Equal(6, scorer.Logits([new[] { 101, 7999, 102 }])[0].Length);
    }

    [Fact]
    public void Dispose_ShouldBeSafeFromAnotherThread_WhenBatchesAreScored()
    {
        using var bundle = TestBundle.TinyBert();
        using var scorer = OnnxScorer.Open(bundle.Open(), Cpu);
        using var scored = new ManualResetEventSlim();
        var posts = Enumerable.Range(0, 32).Select(i => (ReadOnlyMemory<int>)Enumerable.Repeat(200 + i, 60).ToArray()).ToList();
        var fault = (Exception?)null;
        var thread = new Thread(() =>
        {
            try
            {
                while (true)
                {
                    scorer.Logits(posts);
                    scored.Set();
                }
            }
            catch (ObjectDisposedException e)
            {
                fault = e;
            }
        });
        thread.Start();
        Assert.True(scored.Wait(TimeSpan.FromSeconds(30)));

        scorer.Dispose();
        scorer.Dispose();

        Assert.True(thread.Join(TimeSpan.FromSeconds(30)));
        Assert.IsType<ObjectDisposedException>(fault);
    }
}
