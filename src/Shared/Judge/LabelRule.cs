namespace StreamScorer.Shared.Judge;

/// <summary>One label's thresholds, ready for look-up. A threshold that is not set is infinite: nothing reaches it.</summary>
internal sealed class LabelRule
{
    private readonly (float Review, float Flag) _thresholds;
    private readonly Dictionary<string, (float Review, float Flag)>? _languages;

    public LabelRule(string label, PolicyRule rule)
    {
        FlagName = rule.FlagName ?? label;
        _thresholds = Resolve(rule.Review, rule.Flag);
        _languages = rule.Languages?.ToDictionary(
            own => own.Key,
            own => Resolve(own.Value.Review ?? rule.Review, own.Value.Flag ?? rule.Flag),
            StringComparer.OrdinalIgnoreCase);
    }

    public string FlagName { get; }

    /// <summary>The longest prefix of the tag that has thresholds of its own counts, as in RFC 4647 look-up.</summary>
    public (float Review, float Flag) For(string? language)
    {
        if (_languages is null || language is null)
        {
            return _thresholds;
        }

        var byTag = _languages.GetAlternateLookup<ReadOnlySpan<char>>();
        for (var tag = language.AsSpan(); !tag.IsEmpty; tag = tag[..Math.Max(0, tag.LastIndexOf('-'))])
        {
            if (byTag.TryGetValue(tag, out var own))
            {
                return own;
            }
        }

        return _thresholds;
    }

    private static (float Review, float Flag) Resolve(float? review, float? flag) =>
        (review ?? float.PositiveInfinity, flag ?? float.PositiveInfinity);
}
