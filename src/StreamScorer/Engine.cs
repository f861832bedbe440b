using StreamScorer.Configure;
using StreamScorer.Consume;
using StreamScorer.Decode;
using StreamScorer.Encode;
using StreamScorer.Infer;
using StreamScorer.Operate;
using StreamScorer.Publish;
using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Infer;
using StreamScorer.Shared.Judge;

namespace StreamScorer;

/// <summary>
/// A loaded model and the stages between source and sink. The stream and the <c>score</c> command run the same one; they
/// differ only in what fills the intake and who takes the scored micro-batches.
/// </summary>
internal sealed class Engine : IDisposable
{
    private readonly OnnxScorer _scorer;

    private Engine(ModelBundle bundle, OnnxScorer scorer, Settings settings, Telemetry telemetry, HealthState health, TimeProvider time)
    {
        _scorer = scorer;
        Bundle = bundle;
        Intake = new Intake();
        Outcomes = new Outcomes(bundle.Identity, bundle.Policy.Version, time);
        var limit = new MicroBatchLimit(settings.Consume);
        var judge = new PolicyJudge(bundle.Manifest, bundle.Policy);
        FlagNames = judge.FlagNames;
        Pipeline = new Pipeline(
            Intake,
            new EncodeStage(new PostDecoder(settings.Decode), bundle.LoadEncoder(), settings.Group, scorer.Pads, limit, telemetry, health, time),
            new InferStage(scorer, new SegmentPool(bundle.Manifest), judge, limit, telemetry, health, time));
    }

    public ModelBundle Bundle { get; }

    public Intake Intake { get; }

    public Pipeline Pipeline { get; }

    public Outcomes Outcomes { get; }

    /// <summary>Every flag that the policy can raise.</summary>
    public IReadOnlyList<string> FlagNames { get; }

    public string Device => _scorer.Device;

    /// <summary>Which graph runs where, why not elsewhere, and what an operator should know of how it is read.</summary>
    public string DeviceReason => string.Join(' ', [_scorer.DeviceReason, .. _scorer.Notes]);

    /// <summary>Loads the bundle and warms the model up.</summary>
    /// <exception cref="BundleException">The bundle is not there or not whole.</exception>
    /// <exception cref="InferenceException">The device that was asked for cannot be had.</exception>
    public static Engine Open(Settings settings, Telemetry telemetry, HealthState health, TimeProvider time)
    {
        var bundle = ModelBundle.Open(ProgramFiles.Find(settings.Model.Bundle, Directory.Exists) ?? settings.Model.Bundle);
        if (bundle.Manifest.Heads.FirstOrDefault(head => head.Pair) is { } pair)
        {
            throw new BundleException($"The model bundle {bundle.Folder} cannot be served: head '{pair.Name}' reads two texts, and the worker scores single posts. Pairs are for 'modeltool evaluate'.");
        }

        var scorer = OnnxScorer.Open(bundle, settings.Infer);
        health.ModelWarm();
        return new Engine(bundle, scorer, settings, telemetry, health, time);
    }

    public void Dispose() => _scorer.Dispose();
}
