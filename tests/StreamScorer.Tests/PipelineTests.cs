using System.Text;
using System.Threading.Channels;
using StreamScorer.Shared.Encode;
using StreamScorer.Shared.Infer;
using StreamScorer.Shared.Judge;

namespace StreamScorer.Tests;

/// <summary>How the pipeline ends: in order, by a failure at any place, or over its limit.</summary>
public sealed class PipelineTests : IDisposable
{
    private readonly FakeScorer _scorer = new();
    private readonly List<long> _seen = [];
    private readonly TestPipeline _pipeline;

    public PipelineTests() => _pipeline = new TestPipeline(_scorer);

    public void Dispose() => _pipeline.Dispose();

    [Fact]
    public async Task RunAsync_ShouldPassEveryRecordInOrder_WhenTheSourceCompletes()
    {
        await _pipeline.RunAsync(_ => _pipeline.FillAsync(Numbers(50)), SeeAsync);

        Assert.Equal(Enumerable.Range(0, 50).Select(i => (long)i), _seen);
    }

    [Fact]
    public async Task RunAsync_ShouldDecideEachMicroBatchByOnePolicy_WhenThePolicyChanges()
    {
        var number = 0;
        using var pipeline = new TestPipeline(_scorer, policy: () => new PolicyJudge(TestPipeline.Bundle.Manifest, Policy.Parse(
            Encoding.UTF8.GetBytes($"{{\"version\": \"{++number}\", \"heads\": {{}}}}"), "policy.json", TestPipeline.Bundle.Manifest.Heads)));

        var entries = await pipeline.RunAsync(Numbers(16));

        Assert.Equal(entries.Chunk(4).SelectMany((batch, i) => batch.Select(_ => $"{i + 1}")), entries.Select(entry => entry.Verdict!.Policy));
    }

    [Fact]
    public async Task RunAsync_ShouldThrowTheSinksFault_WhenItFails_AndLeaveNothingRunning()
    {
        var fault = await Assert.ThrowsAsync<FormatException>(() => _pipeline.RunAsync(
            abort => EndlessAsync(abort),
            async (input, abort) =>
            {
                await input.WaitToReadAsync(abort);
                throw new FormatException("the sink broke");
            }));

        Assert.Equal("the sink broke", fault.Message);
    }

    [Fact]
    public async Task RunAsync_ShouldThrowTheSourcesFault_WhenItFails()
    {
        var fault = await Assert.ThrowsAsync<FormatException>(() => _pipeline.RunAsync(
            _ =>
            {
                _pipeline.Intake.Complete(new FormatException("the source broke"));
                throw new FormatException("the source broke");
            },
            SeeAsync));

        Assert.Equal("the source broke", fault.Message);
    }

    [Fact]
    public async Task RunAsync_ShouldThrowTheModelsFault_WhenItFails()
    {
        _scorer.Act = () => throw new InferenceException("the model broke", InferenceFailure.Device);

        var fault = await Assert.ThrowsAsync<InferenceException>(() => _pipeline.RunAsync(_ => _pipeline.FillAsync(Numbers(3)), SeeAsync));

        Assert.Equal("the model broke", fault.Message);
        Assert.Empty(_seen);
    }

    [Fact]
    public async Task RunAsync_ShouldSayThatTheDrainTookTooLong_WhenTheModelAnswersTooLate()
    {
        using var hanging = new ManualResetEventSlim();
        using var stop = new CancellationTokenSource();
        _scorer.Act = () =>
        {
            stop.Cancel();
            hanging.Wait(TestPipeline.Limit);
        };
        var run = _pipeline.RunAsync(
            abort =>
            {
                abort.Register(hanging.Set); // the call comes back only after the limit, as a device that answers too late would
                return _pipeline.FillAsync(Numbers(3));
            },
            SeeAsync,
            TimeSpan.FromMilliseconds(50),
            stop.Token);

        var fault = await Assert.ThrowsAsync<TimeoutException>(() => run);

        Assert.Contains("Pipeline:DrainTimeout", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_ShouldEnd_WhenTheModelNeverAnswers()
    {
        using var hanging = new ManualResetEventSlim();
        _scorer.Act = () => hanging.Wait(TestPipeline.Limit);
        using var pipeline = new TestPipeline(_scorer, infer: new InferOptions { CallTimeout = TimeSpan.FromMilliseconds(50) });

        var fault = await Assert.ThrowsAsync<InferenceException>(() => pipeline.RunAsync(Numbers(3)));

        Assert.StartsWith("A model call has not come back within 00:00:00.0500000 (Infer:CallTimeout", fault.Message, StringComparison.Ordinal);
        hanging.Set();
    }

    [Fact]
    public async Task RunAsync_ShouldKeepTheDeviceAtWork_WhileOutcomesAreSent()
    {
        var calls = 0;
        var ahead = new TaskCompletionSource();
        _scorer.Act = () =>
        {
            if (Interlocked.Increment(ref calls) == 6)
            {
                ahead.SetResult(); // while the first micro-batch is sent: four more wait for that, scored
            }
        };

        await _pipeline.PublishAsync(
            _ => _pipeline.FillAsync(Numbers(40)), // ten micro-batches of four
            async (input, abort) =>
            {
                await input.ReadAsync(abort);
                await ahead.Task.WaitAsync(TestPipeline.Limit, abort);
                await SeeAsync(input, abort);
            });

        Assert.Equal(36, _seen.Count);
    }

    [Fact]
    public async Task RunAsync_ShouldScoreEqualTextsOnce()
    {
        await _pipeline.RunAsync(_ => _pipeline.FillAsync([.. Enumerable.Repeat("the very same text", 4)]), SeeAsync);

        Assert.Equal(4, _seen.Count);
        Assert.True(_scorer.Rows < 4, $"{_scorer.Rows} rows for four equal texts");
    }

    /// <summary>The scorer says of a row how long it is: so a text's score tells which rows it was made of, whatever the order they were scored in.</summary>
    [Fact]
    public async Task RunAsync_ShouldJudgeEveryText_ByItsOwnSegments()
    {
        var manifest = TestPipeline.Bundle.Manifest with { MaxTokens = 16, Segments = new SegmentSettings { Overlap = 4, Most = 3 } };
        var encoder = TestPipeline.Encoder(manifest);
        int[] words = [1, 60, 14, 15, 3, 24, 25, 34, 35, 7];
        _scorer.Logit = row => row.Length / 16f;
        var temperature = TestPipeline.Bundle.Policy.Content.Temperatures!["fake"];
        string Text(int i) => string.Join(' ', Enumerable.Repeat("day", words[i % words.Length] + (i / words.Length)));
        using var pipeline = new TestPipeline(_scorer, manifest: manifest);

        var entries = await pipeline.RunAsync([.. Enumerable.Range(0, 30).Select(Text)]);

        Assert.Equal(30, entries.Count);
        Assert.All(entries.Index(), any =>
        {
            var text = Encoding.UTF8.GetBytes(Text(any.Index));
            var expected = encoder.Encode(text, new int[encoder.Room(text.Length)]);
            Assert.Equal(any.Index, any.Item.Source.Offset);
            Assert.Equal((expected.Rows, expected.Ids.Length, expected.Truncated), (any.Item.SegmentCount, any.Item.TokenCount, any.Item.Truncated));
            var mean = (expected.Segments ?? [expected.Ids]).Average(row => row.Length / 16f);
            Assert.Equal(1 / (1 + MathF.Exp(-mean / temperature)), any.Item.Verdict!.Heads["fake"].Probabilities["fake"], 1e-5f);
            Assert.InRange(any.Item.InferTicks, 0, long.MaxValue);
            Assert.True(any.Item.InferStart > 0);
        });
        Assert.Equal([1, 2, 3], entries.Select(entry => entry.SegmentCount).Distinct().Order());
        Assert.Contains(entries, entry => entry.Truncated);
    }

    private static string[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(i => $"number {i}")];

    private async Task EndlessAsync(CancellationToken abort)
    {
        for (var offset = 0; !abort.IsCancellationRequested; offset++)
        {
            _pipeline.Intake.Add(Records.At(0, offset));
            await Task.Yield();
        }
    }

    private async Task SeeAsync(ChannelReader<MicroBatch> input, CancellationToken abort)
    {
        await foreach (var batch in input.ReadAllAsync(abort))
        {
            _seen.AddRange(batch.Entries.Select(entry => entry.Source.Offset));
            Assert.All(batch.Entries, entry => Assert.NotNull(entry.Verdict));
        }
    }
}
