using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Contracts;

namespace StreamScorer.Shared.Judge;

/// <summary>Turns logits into probabilities, and those into flags and a decision. Immutable; any number of threads.</summary>
public sealed class PolicyJudge
{
    private readonly HeadJudge[] _heads;
    private readonly string[] _names;

    /// <param name="policy">Loaded against the heads of the same manifest.</param>
    public PolicyJudge(BundleManifest manifest, Policy policy)
    {
        _heads = [.. manifest.Heads.Select(head => new HeadJudge(head, policy))];
        _names = [.. manifest.Heads.Select(head => head.Name)];
        LogitCount = manifest.Heads.Sum(head => head.Labels.Count);
        PolicyVersion = policy.Version;
    }

    public string PolicyVersion { get; }

    /// <summary>Logits of one post: all heads' labels, in manifest order.</summary>
    public int LogitCount { get; }

    /// <summary>Every flag that the policy can raise, in head and label order.</summary>
    public IReadOnlyList<string> FlagNames => [.. _heads.SelectMany(head => head.FlagNames).Distinct(StringComparer.Ordinal)];

    /// <summary>Labels that decide something, and from where on, in head and label order.</summary>
    /// <param name="language">BCP 47 tag of the post, if known.</param>
    public IReadOnlyList<LabelThresholds> Thresholds(string? language) => [.. _heads.SelectMany(head => head.Thresholds(language))];

    /// <param name="logits">[LogitCount], finite.</param>
    /// <param name="language">BCP 47 tag of the post, if known.</param>
    public Verdict Decide(ReadOnlySpan<float> logits, string? language)
    {
        if (logits.Length != LogitCount)
        {
            throw new ArgumentException($"There are {logits.Length} logits and the heads have {LogitCount} labels.", nameof(logits));
        }

        var scores = new HeadScore[_heads.Length];
        List<Why>? why = null;
        List<string>? flags = null;
        var decision = Decision.Allow;
        for (var i = 0; i < _heads.Length; i++)
        {
            var head = _heads[i];
            head.RequireFinite(logits[..head.LabelCount]);
            var probabilities = head.Probabilities(logits[..head.LabelCount]);
            logits = logits[head.LabelCount..];
            scores[i] = head.Score(probabilities);
            for (var label = 0; label < probabilities.Length; label++)
            {
                if (head.Reason(label, probabilities[label], language) is not { } reason)
                {
                    continue;
                }

                (why ??= []).Add(reason);
                decision = reason.Band > decision ? reason.Band : decision;
                if (reason.Band == Decision.Flag && flags?.Contains(head.FlagName(label)) != true)
                {
                    (flags ??= []).Add(head.FlagName(label));
                }
            }
        }

        return new Verdict(new OrderedMap<HeadScore>(_names, scores), flags ?? [], decision, why ?? [], PolicyVersion);
    }
}

/// <summary>Probabilities from which a label leads to a review or a flag; null: never.</summary>
public sealed record LabelThresholds(string Head, string Label, float? Review, float? Flag);
