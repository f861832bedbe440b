using ModelTool.Evaluate;
using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Infer;
using StreamScorer.Shared.Judge;

namespace ModelTool.Calibrate;

/// <summary>What to calibrate on what.</summary>
internal sealed record CalibrationRequest
{
    public required string Folder { get; init; }

    public required string Data { get; init; }

    public required LabelledColumns Columns { get; init; }

    public required InferOptions Infer { get; init; }

    /// <summary>Where to count the posts of long files; null for nowhere.</summary>
    public TextWriter? Progress { get; init; }

    public required FitTargets Targets { get; init; }

    /// <summary>Sources left out.</summary>
    public IReadOnlyList<string> Without { get; init; } = [];

    /// <summary>HEAD.LABEL, or HEAD for all of its labels: those that get thresholds beside those that the policy has a rule for.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>Null: counted up from the present one.</summary>
    public string? Version { get; init; }
}

/// <summary>A bundle's policy, fitted to labelled posts.</summary>
internal static class CalibrationRun
{
    /// <summary>The bundle and its new policy; nothing is written.</summary>
    public static (ModelBundle Bundle, PolicyFile Policy) Fit(CalibrationRequest request, DateOnly today)
    {
        using var scores = BundleScores.Open(request.Folder, request.Infer, request.Progress);
        var old = scores.Bundle.Policy.Content;
        var heads = scores.Bundle.Manifest.Heads;
        RefuseUnknown(request.Labels, heads);
        var labels = heads.ToDictionary(head => head.Name, head => LabelsOf(head, old, request.Labels));
        var (name, rows, known) = Read(scores, request);
        var fits = known
            .Where(head => head.Rows.Count > 0)
            .ToDictionary(head => head.Head.Name, head => HeadFit.Of(head, labels[head.Head.Name], request.Targets));
        if (fits.Count == 0)
        {
            throw new ToolException(
                $"{request.Data} has no labels for any head of the model ({string.Join(", ", heads.Select(head => head.Name))}): a column must have the head's name, or --column HEAD=COLUMN say which.");
        }

        RefuseWithoutRows(labels, fits);
        var data = new CalibrationData(name, LabelledRows.Digest(request.Data), rows, request.Without, scores.Bundle.Sha256);
        return (scores.Bundle, PolicyUpdate.Apply(old, fits, data, request, today));
    }

    private static (string Name, int Rows, IReadOnlyList<HeadRows> Heads) Read(BundleScores scores, CalibrationRequest request)
    {
        using var labelled = new LabelledRows(request.Data, request.Columns);
        if (request.Without.Count > 0)
        {
            labelled.NeedSource();
        }

        var heads = scores.Bundle.Manifest.Heads.Where(head => labelled.Knows(head.Name, head.Kind, head.Labels)).ToList();
        var samples = heads.ConvertAll(_ => (Labelled: new List<LogitSample>(), Background: new List<LogitSample>()));
        var rows = 0;
        foreach (var row in scores.ReadLogits(request.Data, request.Columns))
        {
            labelled.Next(); // the same file, so the same rows
            if (row.Logits is null || request.Without.Contains(labelled.Source))
            {
                continue;
            }

            rows++;
            for (var i = 0; i < heads.Count; i++)
            {
                var truth = labelled.Truth(heads[i].Name, heads[i].Kind, heads[i].Labels);
                (truth is null ? samples[i].Background : samples[i].Labelled).Add(new LogitSample(row.Id, LogitsOf(heads[i], scores.Bundle.Manifest.Heads, row.Logits), truth ?? []));
            }
        }

        return (labelled.Name, rows, [.. heads.Zip(samples, (head, own) => new HeadRows(head, own.Labelled, own.Background))]);
    }

    private static float[] LogitsOf(HeadManifest head, IReadOnlyList<HeadManifest> heads, float[] logits)
    {
        var first = heads.TakeWhile(other => other.Name != head.Name).Sum(other => other.Labels.Count);
        return logits.AsSpan(first, head.Labels.Count).ToArray();
    }

    /// <summary>A rule without a flag threshold, or without a review threshold, was meant so and stays so.</summary>
    private static List<FitLabel> LabelsOf(HeadManifest head, PolicyFile policy, IReadOnlyList<string> asked)
    {
        var rules = policy.Heads.GetValueOrDefault(head.Name);
        var labels = new List<FitLabel>();
        for (var i = 0; i < head.Labels.Count; i++)
        {
            var rule = rules?.GetValueOrDefault(head.Labels[i]);
            if (rule?.Languages is { Count: > 0 })
            {
                throw new ToolException(
                    $"The policy has thresholds by language for {head.Name}.{head.Labels[i]}, which would mean something else at another temperature: take them out, calibrate, and choose them anew.");
            }

            if (rule is not null || asked.Contains(head.Name) || asked.Contains($"{head.Name}.{head.Labels[i]}"))
            {
                labels.Add(new FitLabel(i, head.Labels[i], rule is null or { Flag: not null }, rule is null or { Review: not null }));
            }
        }

        return labels;
    }

    private static void RefuseUnknown(IReadOnlyList<string> asked, IReadOnlyList<HeadManifest> heads)
    {
        var known = heads.SelectMany(head => head.Labels.Select(label => $"{head.Name}.{label}")).ToList();
        foreach (var label in asked.Where(label => !known.Contains(label) && !heads.Any(head => head.Name == label)))
        {
            throw new ToolException($"--label {label} is not in the model, which has {string.Join(", ", known)}.");
        }
    }

    private static void RefuseWithoutRows(Dictionary<string, List<FitLabel>> labels, Dictionary<string, HeadFit> fits)
    {
        if (labels.FirstOrDefault(head => head.Value.Count > 0 && !fits.ContainsKey(head.Key)) is { Key: { } head } without)
        {
            throw new ToolException($"The data has no labels for head '{head}', and {head}.{without.Value[0].Name} is to get a threshold: give rows that have them, or take its rule out of the policy.");
        }
    }
}
