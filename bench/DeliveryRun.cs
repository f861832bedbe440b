using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using StreamScorer;
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
using StreamScorer.Shared.Group;
using StreamScorer.Shared.Infer;
using StreamScorer.Shared.Judge;

namespace Bench;

/// <summary>The worker's stages with a scorer of choice, from Kafka to Kafka.</summary>
internal sealed class DeliveryRun : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<string, double> _seconds = new();
    private readonly IScorer _scorer;

    private DeliveryRun(IScorer scorer)
    {
        _scorer = scorer;
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter == Telemetry.Meter && instrument.Name == "streamscorer.step.duration")
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<double>((_, seconds, tags, _) => _seconds.AddOrUpdate((string)tags[0].Value!, seconds, (_, sum) => sum + seconds));
        _listener.Start();
    }

    public Telemetry Telemetry { get; } = new(TimeProvider.System);

    public Task Running { get; private set; } = Task.CompletedTask;

    public static Task<DeliveryRun> StartAsync(Settings settings, bool model) => Task.Run(() =>
    {
        var bundle = ModelBundle.Open(Samples.Bundle);
        var run = new DeliveryRun(model ? OnnxScorer.Open(bundle, settings.Infer) : new FreeScorer(bundle));
        run.Running = Task.Run(() => run.RunAsync(settings, bundle));
        return run;
    });

    /// <returns>How it went, in a few words.</returns>
    public async Task<string> StopAsync()
    {
        await _stop.CancelAsync();
        await Running;
        var read = Telemetry.Read();
        var steps = string.Join(", ", _seconds.OrderBy(step => step.Key, StringComparer.Ordinal).Select(step => string.Create(CultureInfo.InvariantCulture, $"{step.Key} {step.Value:F2} s")));
        return string.Create(CultureInfo.InvariantCulture, $"{read.MicroBatches} micro-batches, in process p50 {read.InProcess.P50 * 1_000:F0} ms; {steps}");
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _listener.Dispose();
        _scorer.Dispose();
        _stop.Dispose();
        Telemetry.Dispose();
    }

    private async Task RunAsync(Settings settings, ModelBundle bundle)
    {
        var (time, ledger, intake, limit) = (TimeProvider.System, new OffsetLedger(), new Intake(), new MicroBatchLimit(settings.Consume));
        var health = new HealthState(settings.Operate, time);
        using var consume = new ConsumeStage(settings, intake, ledger, Telemetry, health, time, NullLogger<ConsumeStage>.Instance);
        var producers = new ProducerFactory(settings, NullLogger<ProducerFactory>.Instance);
        var sender = new OutcomeSender(new Outcomes(bundle.Identity, bundle.Policy.Version, settings.Publish, time), Telemetry, time);
        using IPublishStage publish = settings.Settle.Delivery == Delivery.AtLeastOnce
            ? new AtLeastOnceStage(sender, ledger, producers, Telemetry, health, time)
            : new ExactlyOnceStage(sender, ledger, () => consume.Membership, producers.Build, settings.Settle, Telemetry, health, time, NullLogger<ExactlyOnceStage>.Instance);
        using var guard = CrashGuard.Off();
        using var watch = new CallWatch(settings.Infer.CallTimeout, time);
        var ladder = new FailureLadder(_scorer, settings.Infer, settings.Group, watch, Telemetry, health, time, NullLogger<FailureLadder>.Instance);
        var pipeline = new Pipeline(
            intake,
            new EncodeStage(new PostDecoder(settings.Decode), bundle.LoadEncoder(), settings.Group, _scorer.Pads, limit, guard, Telemetry, health, time),
            new InferStage(ladder, watch, new SegmentPool(bundle.Manifest), new PolicyJudge(bundle.Manifest, bundle.Policy), limit, guard, Telemetry, health, time));
        await pipeline.RunAsync(consume, publish, settings.Pipeline.DrainTimeout, _stop.Token);
    }

    /// <summary>A device that is done before it is asked.</summary>
    private sealed class FreeScorer(ModelBundle bundle) : IScorer
    {
        public string Device => "none";

        public int LogitCount { get; } = bundle.Manifest.Heads.Sum(head => head.Labels.Count);

        public bool Pads => false;

        public void Score(TokenBatch batch, Span<float> logits) => logits.Clear();

        public void Dispose()
        {
        }
    }
}
