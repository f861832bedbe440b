using System.Threading.Channels;
using StreamScorer.Consume;
using StreamScorer.Decode;
using StreamScorer.Encode;
using StreamScorer.Infer;
using StreamScorer.Operate;
using StreamScorer.Shared.Bundle;
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

    public PipelineTests()
    {
        var health = new HealthState(new OperateOptions(), TimeProvider.System);
        var limit = new MicroBatchLimit(new ConsumeOptions { MaxRecordsPerMicroBatch = 4 });
        _pipeline = new Pipeline(
            _intake,
            new EncodeStage(new PostDecoder(new DecodeOptions()), Bundle.LoadTokenizer(), Bundle.Manifest.MaxTokens, new GroupOptions(), limit, _telemetry, health, TimeProvider.System),
            new InferStage(_scorer, new PolicyJudge(Bundle.Manifest, Bundle.Policy), limit, _telemetry, health, TimeProvider.System));
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

    private sealed class FakeScorer : IScorer
    {
        public Action Act { get; set; } = () => { };

        public int Rows { get; private set; }

        public string Device => "none";

        public int LogitCount => 6;

        public bool Pads => true;

        public void Score(TokenBatch batch, Span<float> logits)
        {
            Act();
            Rows += batch.Rows;
            logits.Clear();
        }

        public void Dispose()
        {
        }
    }
}
