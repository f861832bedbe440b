using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Json.Serialization;
using StreamScorer.Shared.Contracts;
using StreamScorer.Shared.Judge;

namespace StreamScorer.Operate.Page;

/// <summary>What stays the same while one model and one policy serve.</summary>
internal sealed record PageFacts
{
    public required string Program { get; init; }

    public required string Runtime { get; init; }

    public required ModelIdentity Model { get; init; }

    public required string Device { get; init; }

    public required string DeviceReason { get; init; }

    public required int MaxTokens { get; init; }

    public required string Policy { get; init; }

    public string? PolicyDescription { get; init; }

    public required string Topic { get; init; }

    public required string Group { get; init; }

    [JsonConverter(typeof(SnakeCaseEnumConverter<TextDisplay>))]
    public required TextDisplay Texts { get; init; }

    /// <summary>Where the baseline comes from; null: the policy has none for this model.</summary>
    public string? BaselineFrom { get; init; }

    public required IReadOnlyList<LabelFacts> Labels { get; init; }

    public static PageFacts Of(Engine engine, Configure.Settings settings)
    {
        var (manifest, policy) = (engine.Bundle.Manifest, engine.Policy.Policy);
        var calibration = policy.Content.Calibration is { } own && own.Data.ModelSha256 == engine.Bundle.Sha256 ? own : null;
        var thresholds = engine.Policy.Judge.Thresholds(language: null).ToDictionary(any => (any.Head, any.Label));
        return new PageFacts
        {
            Program = typeof(PageFacts).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "unknown",
            Runtime = RuntimeInformation.FrameworkDescription,
            Model = engine.Bundle.Identity,
            Device = engine.Device,
            DeviceReason = engine.DeviceReason,
            MaxTokens = manifest.MaxTokens,
            Policy = policy.Version,
            PolicyDescription = policy.Description,
            Topic = settings.Consume.Topic,
            Group = settings.Kafka.GroupId,
            Texts = settings.Operate.Texts,
            BaselineFrom = calibration is null ? null : Source(calibration.Data),
            Labels =
            [
                .. manifest.Heads.SelectMany(head => head.Labels.Select(label =>
                {
                    var own = thresholds.GetValueOrDefault((head.Name, label));
                    var calibrated = calibration?.Heads.GetValueOrDefault(head.Name);
                    return new LabelFacts(head.Name, label, own?.Review, own?.Flag, Shares(calibrated?.Labels.GetValueOrDefault(label)), calibrated?.Rows);
                })),
            ],
        };
    }

    private static string Source(CalibrationData data)
        => data.File + (data.Without.Count == 0 ? "" : $" without {string.Join(", ", data.Without)}");

    /// <summary>
    /// Shares of the rows in each bin, from the calibration's curve: it says which share lies at or above 0.05, 0.1 and so on, so a bin holds the difference.
    /// </summary>
    internal static IReadOnlyList<double>? Shares(LabelCalibration? label)
    {
        if (label is null || label.Curve.Count != ScoreHistograms.Bins - 1
            || label.Curve.Where((point, i) => Math.Abs(point.Threshold - ((i + 1) / (double)ScoreHistograms.Bins)) > 1e-4).Any())
        {
            return null;
        }

        double[] above = [1, .. label.Curve.Select(point => point.Share), 0];
        return [.. above.Zip(above.Skip(1), (low, high) => Math.Round(Math.Max(0, low - high), 4))];
    }
}

/// <param name="Review">Thresholds for all languages; null: none.</param>
/// <param name="Baseline">Shares by bins of <see cref="ScoreHistograms"/>; null: not known.</param>
/// <param name="BaselineRows">Rows that the head was calibrated on.</param>
internal sealed record LabelFacts(string Head, string Label, float? Review, float? Flag, IReadOnlyList<double>? Baseline, int? BaselineRows);
