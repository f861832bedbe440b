using System.Threading.Channels;
using StreamScorer.Consume;
using StreamScorer.Decode;
using StreamScorer.Encode;
using StreamScorer.Infer;
using StreamScorer.Operate;
using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Encode;
using StreamScorer.Shared.Group;
using StreamScorer.Shared.Infer;
using StreamScorer.Shared.Judge;

namespace StreamScorer.Tests;

/// <summary>How the pipeline ends: in order, by a failure at any place, or over its limit.</summary>
public sealed class PipelineTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
    private static readonly ModelBundle Bundle = ModelBundle.Open(Repository.DefaultBundle);

    private readonly Telemetry _telemetry = new(TimeProvider.System);
    private readonly Intake _intake = new();
    private readonly FakeScorer _scorer = new();
    private readonly List<long> _seen = [];
    private readonly Pipeline _pipeline;

    public PipelineTests() => _pipeline = Build(Bundle.Manifest);

    private Pipeline Build(BundleManifest manifest)
    {
        var health = new HealthState(new OperateOptions(), TimeProvider.System);
        var limit = new MicroBatchLimit(new ConsumeOptions { MaxRecordsPerMicroBatch = 4 });
        return new Pipeline(
            _intake,
            new EncodeStage(new PostDecoder(new DecodeOptions()), new PostEncoder(Bundle.LoadTokenizer(), manifest.MaxTokens, manifest.Segments), new GroupOptions(), pads: true, limit, _telemetry, health, TimeProvider.System),
            new InferStage(_scorer, new SegmentPool(manifest), new PolicyJudge(Bundle.Manifest, Bundle.Policy), limit, _telemetry, health, TimeProvider.System));
    }

    public void Dispose() => _telemetry.Dispose();

    [Fact]
    public async Task RunAsync_ShouldPassEveryRecordInOrder_WhenTheSourceCompletes()
    {
        await RunAsync(_ => FillAsync(50), SeeAsync);

        Assert.Equal(Enumerable.Range(0, 50).Select(i => (long)i), _seen);
    }

    [Fact]
    public async Task RunAsync_ShouldThrowTheSinksFault_WhenItFails_AndLeaveNothingRunning()
    {
        var fault = await Assert.ThrowsAsync<FormatException>(() => RunAsync(
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
        var fault = await Assert.ThrowsAsync<FormatException>(() => RunAsync(
            _ =>
            {
                _intake.Complete(new FormatException("the source broke"));
                throw new FormatException("the source broke");
            },
            SeeAsync));

        Assert.Equal("the source broke", fault.Message);
    }

    [Fact]
    public async Task RunAsync_ShouldThrowTheModelsFault_WhenItFails()
    {
        _scorer.Act = () => throw new InferenceException("the model broke");

        var fault = await Assert.ThrowsAsync<InferenceException>(() => RunAsync(_ => FillAsync(3), SeeAsync));

        Assert.Equal("the model broke", fault.Message);
        Assert.Empty(_seen);
    }

    [Fact]
    public async Task RunAsync_ShouldSayThatTheDrainTookTooLong_WhenTheModelHangs()
    {
        using var hanging = new ManualResetEventSlim();
        using var stop = new CancellationTokenSource();
        _scorer.Act = () =>
        {
            stop.Cancel();
            hanging.Wait(Limit);
        };
        var run = _pipeline.RunAsync(
            abort =>
            {
                abort.Register(hanging.Set); // the call comes back only after the limit, as a device that answers too late would
                return FillAsync(3);
            },
            SeeAsync,
            TimeSpan.FromMilliseconds(50),
            stop.Token);

        var fault = await Assert.ThrowsAsync<TimeoutException>(() => run.WaitAsync(Limit));

        Assert.Contains("Pipeline:DrainTimeout", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_ShouldScoreEqualTextsOnce()
    {
        await RunAsync(_ => FillAsync(4, _ => "the very same text"), SeeAsync);

        Assert.Equal(4, _seen.Count);
        Assert.True(_scorer.Rows < 4, $"{_scorer.Rows} rows for four equal texts");
    }

    /// <summary>The scorer says of a row how long it is: so a text's score tells which rows it was made of, whatever the order they were scored in.</summary>
    [Fact]
    public async Task RunAsync_ShouldJudgeEveryText_ByItsOwnSegments()
    {
        var manifest = Bundle.Manifest with { MaxTokens = 16, Segments = new SegmentSettings { Overlap = 4, Most = 3 } };
        var encoder = new PostEncoder(Bundle.LoadTokenizer(), manifest.MaxTokens, manifest.Segments);
        int[] words = [1, 60, 14, 15, 3, 24, 25, 34, 35, 7];
        _scorer.Logit = row => row.Length / 16f;
        var entries = new List<Entry>();
        var temperature = Bundle.Policy.Content.Temperatures!["fake"];
        string Text(int i) => string.Join(' ', Enumerable.Repeat("day", words[i % words.Length] + (i / words.Length)));

        await Build(manifest).RunAsync(
            _ => FillAsync(30, Text),
            async (input, abort) =>
            {
                await foreach (var batch in input.ReadAllAsync(abort))
                {
                    entries.AddRange(batch.Entries);
                }
            },
            Limit,
            CancellationToken.None).WaitAsync(Limit);

        Assert.Equal(30, entries.Count);
        Assert.All(entries.Index(), any =>
        {
            var text = System.Text.Encoding.UTF8.GetBytes(Text(any.Index));
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

    private Task RunAsync(Func<CancellationToken, Task> source, Func<ChannelReader<MicroBatch>, CancellationToken, Task> sink)
        => _pipeline.RunAsync(source, sink, Limit, CancellationToken.None).WaitAsync(Limit);

    private Task FillAsync(int count, Func<int, string>? text = null)
    {
        for (var i = 0; i < count; i++)
        {
            _intake.Add(Records.At(0, i) with { Value = System.Text.Encoding.UTF8.GetBytes($$"""{"text":"{{text?.Invoke(i) ?? $"number {i}"}}"}""") });
        }

        _intake.Complete();
        return Task.CompletedTask;
    }

    private async Task EndlessAsync(CancellationToken abort)
    {
        for (var offset = 0; !abort.IsCancellationRequested; offset++)
        {
            _intake.Add(Records.At(0, offset));
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

    private delegate float RowLogit(ReadOnlySpan<int> row);

    private sealed class FakeScorer : IScorer
    {
        public Action Act { get; set; } = () => { };

        /// <summary>Of the second label of a row; the others are 0.</summary>
        public RowLogit Logit { get; set; } = _ => 0;

        public int Rows { get; private set; }

        public string Device => "none";

        public int LogitCount => 6;

        public bool Pads => true;

        public void Score(TokenBatch batch, Span<float> logits)
        {
            Act();
            Rows += batch.Rows;
            logits.Clear();
            for (var row = 0; row < batch.Rows; row++)
            {
                logits[(row * LogitCount) + 1] = Logit(batch.Row(row));
            }
        }

        public void Dispose()
        {
        }
    }
}
