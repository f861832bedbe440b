using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Contracts;

namespace StreamScorer.Shared.Judge;

/// <summary>One head's part of the judgement.</summary>
internal sealed class HeadJudge
{
    private readonly string _name;
    private readonly HeadKind _kind;
    private readonly string[] _labels;
    private readonly LabelRule?[] _rules;
    private readonly float _temperature;

    public HeadJudge(HeadManifest head, Policy policy)
    {
        if (head.Kind is not (HeadKind.Softmax or HeadKind.Sigmoid))
        {
            throw new ArgumentException($"Head '{head.Name}' gives no probability a post.", nameof(head));
        }

        _name = head.Name;
        _kind = head.Kind;
        _labels = [.. head.Labels];
        _temperature = policy.TemperatureOf(_name);
        _rules = [.. _labels.Select(label => policy.RuleFor(_name, label) is { } rule ? new LabelRule(label, rule) : null)];
    }

    public int LabelCount => _labels.Length;

    public IEnumerable<string> FlagNames => _rules.OfType<LabelRule>().Select(rule => rule.FlagName);

    public string FlagName(int label) => _rules[label]?.FlagName ?? _labels[label];

    public IEnumerable<LabelThresholds> Thresholds(string? language)
    {
        for (var label = 0; label < _labels.Length; label++)
        {
            if (_rules[label]?.For(language) is var (review, flag))
            {
                yield return new LabelThresholds(_name, _labels[label], Finite(review), Finite(flag));
            }
        }
    }

    // A NaN reaches no threshold: it would be allowed without anybody noticing.
    public void RequireFinite(ReadOnlySpan<float> logits)
    {
        foreach (var logit in logits)
        {
            if (!float.IsFinite(logit))
            {
                throw new ArgumentException($"A logit of head '{_name}' is {logit}.", nameof(logits));
            }
        }
    }

    public float[] Probabilities(ReadOnlySpan<float> logits) => HeadProbabilities.Of(_kind, logits, _temperature);

    public HeadScore Score(float[] probabilities)
    {
        var named = new OrderedMap<float>(_labels, probabilities);
        if (_kind == HeadKind.Softmax)
        {
            var best = 0;
            for (var i = 1; i < probabilities.Length; i++)
            {
                best = probabilities[i] > probabilities[best] ? i : best;
            }

            return new HeadScore(_labels[best], null, named);
        }

        return new HeadScore(null, [.. _labels.Where((_, i) => probabilities[i] >= 0.5f)], named);
    }

    /// <summary>The threshold that a label's probability reached, if any.</summary>
    public Why? Reason(int label, float probability, string? language)
    {
        if (_rules[label] is not { } rule)
        {
            return null;
        }

        var (review, flag) = rule.For(language);
        var (threshold, band) = probability >= flag ? (flag, Decision.Flag) : (review, Decision.Review);
        return probability >= threshold
            ? new Why(_name, _labels[label], probability, threshold, probability - threshold, band)
            : null;
    }

    private static float? Finite(float threshold) => float.IsFinite(threshold) ? threshold : null;
}
