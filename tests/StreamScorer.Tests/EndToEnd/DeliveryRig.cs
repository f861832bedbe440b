using Confluent.Kafka;
using Microsoft.Extensions.Logging.Abstractions;
using StreamScorer.Configure;
using StreamScorer.Consume;
using StreamScorer.Decode;
using StreamScorer.Encode;
using StreamScorer.Infer;
using StreamScorer.Operate;
using StreamScorer.Publish;
using StreamScorer.Recover;
using StreamScorer.Settle;
using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Judge;
using StreamScorer.Tests.Kafka;

namespace StreamScorer.Tests.EndToEnd;

/// <summary>The worker's stages on a real Kafka, with a device that costs nothing and a producer that fails as told.</summary>
internal sealed class DeliveryRig : IDisposable
{
    private static readonly ModelBundle Bundle = ModelBundle.Open(Repository.DefaultBundle);

    private readonly Settings _settings;
    private readonly CancellationTokenSource _stop = new();
    private readonly OffsetLedger _ledger = new();
    private ConsumeStage? _consume;
    private readonly HealthState _health = new(new OperateOptions(), TimeProvider.System);

    public DeliveryRig(Settings settings) => _settings = settings;

    public FakeScorer Scorer { get; } = new();

    public Telemetry Telemetry { get; } = new(TimeProvider.System);

    /// <summary>Before and after a call of the producer; see <see cref="TestProducer"/>.</summary>
    public Action<string, int> Before { get; set; } = (_, _) => { };

    public Action<string, int> After { get; set; } = (_, _) => { };

    public IReadOnlyList<TopicPartition> Owned => _ledger.Owned;

    public bool IsPaused => _consume?.Paused.Values.Any(partitions => partitions > 0) == true;

    /// <summary>Ends as the worker's run ends.</summary>
    public Task Run { get; private set; } = Task.CompletedTask;

    public DeliveryRig Start()
    {
        Run = Task.Run(RunAsync);
        return this;
    }

    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await Run.WaitAsync(WorkerHarness.Limit);
    }

    /// <summary>Waits until it holds; a run that ends before ends the wait with its reason.</summary>
    public async Task UntilAsync(Func<DeliveryRig, bool> seen)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!seen(this))
        {
            if (Run.IsCompleted)
            {
                await Run;
            }

            Assert.True(TimeProvider.System.GetElapsedTime(started) < WorkerHarness.Limit, "What the test waits for did not happen within its limit.");
            await Task.Delay(5);
        }
    }

    public void Dispose()
    {
        _stop.Cancel();
        Run.ContinueWith(_ => { }, TaskScheduler.Default).Wait(WorkerHarness.Limit);
        _stop.Dispose();
        Telemetry.Dispose();
    }

    private async Task RunAsync()
    {
        var (time, intake, limit) = (TimeProvider.System, new Intake(), new MicroBatchLimit(_settings.Consume));
        using var consume = new ConsumeStage(_settings, intake, _ledger, Telemetry, _health, time, NullLogger<ConsumeStage>.Instance);
        _consume = consume;
        var compose = new ComposeStage(new Outcomes(Bundle.Identity, _settings.Publish, time), Telemetry, _health, time);
        var sender = new OutcomeSender(Telemetry, time);
        var producers = new ProducerFactory(_settings, Telemetry, time, NullLogger<ProducerFactory>.Instance);
        var producer = new TransactionalProducer(
            () => TestProducer.Create(producers.Build(), (call, times) => Before(call, times), (call, times) => After(call, times)), _settings.Settle, _health, time, NullLogger.Instance);
        using IPublishStage publish = new ExactlyOnceStage(sender, _ledger, () => consume.Membership, () => consume.Backlog, producer, _settings.Settle, Telemetry, _health, time, NullLogger<ExactlyOnceStage>.Instance);
        using var guard = CrashGuard.Off();
        using var watch = new CallWatch(_settings.Infer.CallTimeout, time);
        var ladder = new FailureLadder(Scorer, _settings.Infer, _settings.Group, watch, Telemetry, _health, time, NullLogger<FailureLadder>.Instance);
        var pipeline = new Pipeline(
            intake,
            new EncodeStage(new PostDecoder(_settings.Decode), Bundle.LoadEncoder(), _settings.Group, Scorer.Pads, limit, guard, Telemetry, _health, time),
            new InferStage(ladder, watch, new SegmentPool(Bundle.Manifest), () => new PolicyJudge(Bundle.Manifest, Bundle.Policy), limit, guard, Telemetry, _health, time));
        await pipeline.RunAsync(consume, compose, publish, _settings.Pipeline.DrainTimeout, _stop.Token);
    }
}
