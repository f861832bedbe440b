using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using StreamScorer.Configure;
using StreamScorer.Consume;
using StreamScorer.Decode;
using StreamScorer.Encode;
using StreamScorer.Infer;
using StreamScorer.Operate;
using StreamScorer.Operate.Page;
using StreamScorer.Operate.Tracing;
using StreamScorer.Publish;
using StreamScorer.Recover;
using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Encode;
using StreamScorer.Shared.Group;
using StreamScorer.Shared.Infer;
using StreamScorer.Shared.Judge;

namespace StreamScorer;

/// <summary>
/// A loaded model and the stages between source and sink. The stream and the <c>score</c> command run the same one; they
/// differ only in what fills the intake and who takes the scored micro-batches.
/// </summary>
internal sealed class Engine : IDisposable
{
    private readonly OnnxScorer _model;
    private readonly IScorer _scorer;
    private readonly BertTokenizer _tokenizer;
    private readonly PostEncoder _encoder;
    private readonly GroupOptions _grouping;
    private readonly TimeProvider _time;
    private readonly CallWatch _watch;

    private Engine(ModelBundle bundle, OnnxScorer model, IScorer scorer, Settings settings, Telemetry telemetry, HealthState health, TimeProvider time, ILoggerFactory loggers, CrashGuard guard, Tracer? tracer)
    {
        (_model, _scorer, _tokenizer, _grouping, _time) = (model, scorer, bundle.LoadTokenizer(), settings.Group, time);
        _encoder = new PostEncoder(_tokenizer, bundle.Manifest.MaxTokens, bundle.Manifest.Segments);
        _watch = new CallWatch(settings.Infer.CallTimeout, time);
        DeviceReason = string.Join(' ', [model.DeviceReason, .. model.Notes]);
        Bundle = bundle;
        Intake = new Intake();
        Outcomes = new Outcomes(bundle.Identity, settings.Publish, time);
        var limit = new MicroBatchLimit(settings.Consume);
        Policy = new PolicyWatch(bundle, telemetry, loggers.CreateLogger<PolicyWatch>());
        Pipeline = new Pipeline(
            Intake,
            new EncodeStage(new PostDecoder(settings.Decode), _encoder, settings.Group, scorer.Pads, limit, guard, telemetry, health, time, tracer),
            new InferStage(new FailureLadder(scorer, settings.Infer, settings.Group, _watch, telemetry, health, time, loggers.CreateLogger<FailureLadder>()), _watch, new SegmentPool(bundle.Manifest), () => Policy.Judge, limit, guard, telemetry, health, time));
    }

    public ModelBundle Bundle { get; }

    public Intake Intake { get; }

    public Pipeline Pipeline { get; }

    public Outcomes Outcomes { get; }

    /// <summary>What decides; looks for a new one once it is started.</summary>
    public PolicyWatch Policy { get; }

    public string Device => _scorer.Device;

    /// <summary>Which graph runs where, why not elsewhere, and what an operator should know of how it is read.</summary>
    public string DeviceReason { get; private set; }

    /// <summary>Loads the bundle and warms the model up.</summary>
    /// <param name="tracer">Null: nothing is traced.</param>
    /// <param name="guard">Null: crashes are not remembered.</param>
    /// <exception cref="BundleException">The bundle is not there or not whole.</exception>
    /// <exception cref="StartupException">The device that was asked for cannot be had.</exception>
    /// <param name="loggers">Null: what goes wrong on the way is counted and not told.</param>
    /// <param name="wrap">Puts something before the model, such as faults that a test makes.</param>
    public static Engine Open(Settings settings, Telemetry telemetry, HealthState health, TimeProvider time, ILoggerFactory? loggers = null, Func<IScorer, IScorer>? wrap = null, CrashGuard? guard = null, Tracer? tracer = null)
    {
        var bundle = ModelBundle.Open(ProgramFiles.Find(settings.Model.Bundle, Directory.Exists) ?? settings.Model.Bundle);
        if (bundle.Manifest.Heads.FirstOrDefault(head => head.Pair) is { } pair)
        {
            throw new BundleException($"The model bundle {bundle.Folder} cannot be served: head '{pair.Name}' reads two texts, and the worker scores single posts. Pairs are for 'modeltool evaluate'.");
        }

        var scorer = OpenScorer(bundle, settings.Infer);
        health.ModelWarm();
        return new Engine(bundle, scorer, wrap is null ? scorer : wrap(scorer), settings, telemetry, health, time, loggers ?? NullLoggerFactory.Instance, guard ?? CrashGuard.Off(), tracer);
    }

    /// <summary>Takes the memory of the largest model calls now, so that whoever runs for long knows from the start what it needs. A device without room for them is told in <see cref="DeviceReason"/>.</summary>
    /// <exception cref="StartupException">The model fails on them.</exception>
    public void Reserve()
    {
        try
        {
            if (!_model.Reserve(_grouping))
            {
                DeviceReason += $" It has no memory for calls of {_grouping.MaxTokens} tokens; they will be smaller. Free some, or lower Group:MaxTokens.";
            }
        }
        catch (InferenceException e)
        {
            throw new StartupException(e.Message);
        }
    }

    /// <summary>The same engine for single texts, beside the stream.</summary>
    public TextTrial CreateTrial() => new(Bundle, _tokenizer, _encoder, _scorer, () => Policy.Judge, _grouping, _time);

    public void Dispose()
    {
        _scorer.Dispose();
        _watch.Dispose();
    }

    /// <summary>What fails here is not a model call of a running worker, but an option that does not fit the machine.</summary>
    private static OnnxScorer OpenScorer(ModelBundle bundle, InferOptions options)
    {
        try
        {
            return OnnxScorer.Open(bundle, options);
        }
        catch (InferenceException e)
        {
            throw new StartupException(e.Message);
        }
    }
}
