using System.Text;
using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using StreamScorer.Consume;
using StreamScorer.Decode;
using StreamScorer.Encode;
using StreamScorer.Infer;
using StreamScorer.Operate;
using StreamScorer.Publish;
using StreamScorer.Recover;
using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Encode;
using StreamScorer.Shared.Group;
using StreamScorer.Shared.Infer;
using StreamScorer.Shared.Judge;

namespace StreamScorer.Tests;

/// <summary>The stages between an intake and whoever takes scored micro-batches, with a scorer that the test brings.</summary>
internal sealed class TestPipeline : IDisposable
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
    public static readonly ModelBundle Bundle = ModelBundle.Open(Repository.DefaultBundle);
    private static readonly BertTokenizer Tokenizer = Bundle.LoadTokenizer();

    private readonly Telemetry _telemetry;
    private readonly Pipeline _pipeline;
    private readonly CallWatch _watch;

    public TestPipeline(IScorer scorer, TimeProvider? time = null, BundleManifest? manifest = null, InferOptions? infer = null, CrashGuard? guard = null, Func<PolicyJudge>? policy = null)
    {
        var clock = time ?? TimeProvider.System;
        var model = manifest ?? Bundle.Manifest;
        var options = infer ?? new InferOptions();
        var health = new HealthState(new OperateOptions(), clock);
        var limit = new MicroBatchLimit(new ConsumeOptions { MaxRecordsPerMicroBatch = 4 });
        var grouping = new GroupOptions();
        var crashes = guard ?? CrashGuard.Off();
        _telemetry = new Telemetry(clock);
        _watch = new CallWatch(options.CallTimeout, clock);
        var ladder = new FailureLadder(scorer, options, grouping, _watch, _telemetry, health, clock, NullLogger<FailureLadder>.Instance);
        _pipeline = new Pipeline(
            Intake,
            new EncodeStage(new PostDecoder(new DecodeOptions()), Encoder(model), grouping, pads: true, limit, crashes, _telemetry, health, clock),
            new InferStage(ladder, _watch, new SegmentPool(model), policy ?? (() => new PolicyJudge(model, Bundle.Policy)), limit, crashes, _telemetry, health, clock));
    }

    public Intake Intake { get; } = new();

    public static PostEncoder Encoder(BundleManifest manifest) => new(Tokenizer, manifest.MaxTokens, manifest.Segments);

    public void Dispose()
    {
        _watch.Dispose();
        _telemetry.Dispose();
    }

    public Task RunAsync(Func<CancellationToken, Task> source, Func<ChannelReader<MicroBatch>, CancellationToken, Task> sink, TimeSpan? drain = null, CancellationToken stop = default)
        => _pipeline.RunAsync(source, sink, drain ?? Limit, stop).WaitAsync(Limit, CancellationToken.None);

    /// <summary>The same with the stages that make and send the records that go out.</summary>
    public Task PublishAsync(Func<CancellationToken, Task> source, Func<ChannelReader<MicroBatch>, CancellationToken, Task> publish)
    {
        var compose = new ComposeStage(Records.Outcomes(Bundle.Identity), _telemetry, new HealthState(new OperateOptions(), TimeProvider.System), TimeProvider.System);
        return _pipeline.RunAsync(source, compose, new FakePublish(publish), Limit, CancellationToken.None).WaitAsync(Limit, CancellationToken.None);
    }

    /// <summary>Runs posts of these texts, with offsets from 0 on, and returns them as they came out.</summary>
    public async Task<IReadOnlyList<Entry>> RunAsync(params string[] texts)
    {
        var entries = new List<Entry>();
        await RunAsync(
            _ => FillAsync(texts),
            async (input, abort) =>
            {
                await foreach (var batch in input.ReadAllAsync(abort))
                {
                    entries.AddRange(batch.Entries);
                }
            });
        return entries;
    }

    public Task FillAsync(params string[] texts)
    {
        foreach (var (offset, text) in texts.Index())
        {
            Intake.Add(Records.At(0, offset) with { Value = Encoding.UTF8.GetBytes($$"""{"text":"{{text}}"}""") });
        }

        Intake.Complete();
        return Task.CompletedTask;
    }

    private sealed class FakePublish(Func<ChannelReader<MicroBatch>, CancellationToken, Task> run) : IPublishStage
    {
        public Task RunAsync(ChannelReader<MicroBatch> input, CancellationToken abort) => run(input, abort);

        public void Dispose()
        {
        }
    }
}
