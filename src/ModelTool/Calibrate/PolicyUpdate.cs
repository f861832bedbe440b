using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Judge;

namespace ModelTool.Calibrate;

/// <summary>Puts what was fitted into a policy.</summary>
internal static partial class PolicyUpdate
{
    public static PolicyFile Apply(
        PolicyFile old, IReadOnlyDictionary<string, HeadFit> fits, CalibrationData data, CalibrationRequest request, DateOnly today)
    {
        var temperatures = new Dictionary<string, float>(old.Temperatures ?? new Dictionary<string, float>());
        var heads = old.Heads.ToDictionary(head => head.Key, head => head.Value);
        foreach (var (name, fit) in fits)
        {
            temperatures[name] = (float)fit.Temperature;
            var rules = Rules(old.Heads.GetValueOrDefault(name), fit);
            if (rules.Count > 0)
            {
                heads[name] = rules;
            }
        }

        return old with
        {
            Version = request.Version ?? NextVersion(old.Version, today),
            Description = Describe(fits, data, request),
            Temperatures = temperatures,
            Heads = heads,
            Calibration = new PolicyCalibration(Method(request.Targets), data, fits.ToDictionary(fit => fit.Key, fit => fit.Value.Calibration)),
        };
    }

    /// <summary>Writes beside the file, reads that back as the worker would, and renames.</summary>
    public static void Write(ModelBundle bundle, PolicyFile policy) => AtomicFile.Write(
        bundle.PolicyFile,
        Encoding.UTF8.GetBytes(Compact(JsonSerializer.Serialize(policy, BundleJson.Default.PolicyFile)) + "\n"),
        aside => Policy.Load(aside, bundle.Manifest.Heads));

    /// <summary>DATE.NUMBER: the number after the old one's on the same day, else today's first.</summary>
    public static string NextVersion(string old, DateOnly today)
    {
        var date = today.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        var next = old.StartsWith(date + ".", StringComparison.Ordinal) && int.TryParse(old[(date.Length + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number + 1
            : 1;
        return string.Create(CultureInfo.InvariantCulture, $"{date}.{next}");
    }

    /// <summary>Objects of nothing but numbers on one line each: people read and edit this file.</summary>
    private static string Compact(string json) =>
        Numbers().Replace(json, found => "{ " + Gap().Replace(found.Groups[1].Value.Trim(), " ") + " }");

    private static Dictionary<string, PolicyRule> Rules(IReadOnlyDictionary<string, PolicyRule>? old, HeadFit fit)
    {
        var rules = new Dictionary<string, PolicyRule>(old ?? new Dictionary<string, PolicyRule>());
        foreach (var (label, (flag, review)) in fit.Thresholds)
        {
            if (flag is null && review is null)
            {
                throw new ToolException($"No threshold of {label} reaches the target: aim lower, or take its rule out of the policy.");
            }

            rules[label] = rules.GetValueOrDefault(label, new PolicyRule()) with { Flag = flag, Review = review };
        }

        return rules;
    }

    private static string Method(FitTargets targets) =>
        $"Temperature a head: least negative log-likelihood. Flag: {targets.Flag.Words}. Review: {targets.Review.Words}; none where it would not lie below flag. Thresholds to three decimals. Held out: {targets.Folds}-fold cross-validation by hash of the id, temperature and thresholds chosen on the other parts.";

    private static string Describe(IReadOnlyDictionary<string, HeadFit> fits, CalibrationData data, CalibrationRequest request)
    {
        var without = request.Without.Count == 0 ? "" : $" without {string.Join(", ", request.Without)}";
        var reached = fits
            .SelectMany(head => head.Value.Calibration.Labels.Select(label => (head.Key, Label: label.Key, label.Value.Flag)))
            .Where(label => label.Flag is not null)
            .Select(label => string.Create(
                CultureInfo.InvariantCulture,
                $"{label.Key}.{label.Label} {label.Flag!.HeldOutPrecision:0.000} precision, {label.Flag.HeldOutRecall:0.000} recall"));
        return $"Calibrated on {data.File}{without}. Flag: {request.Targets.Flag.Words}; on held-out rows {string.Join("; ", reached)}. Where the label is rarer than in those rows, precision is lower: measure on your own stream.";
    }

    [GeneratedRegex(@"\{\s*((?:""[a-z_]+"": [-+.0-9eE]+,?\s*)+)\}")]
    private static partial Regex Numbers();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Gap();
}
