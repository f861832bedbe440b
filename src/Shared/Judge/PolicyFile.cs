namespace StreamScorer.Shared.Judge;

/// <summary>What <c>policy.json</c> holds. Published as <c>docs/schemas/policy.schema.json</c>. Unknown members are refused.</summary>
public sealed record PolicyFile
{
    /// <summary>Goes into every scored record; change it with every change of the file.</summary>
    public required string Version { get; init; }

    /// <summary>For people: how the thresholds were chosen.</summary>
    public string? Description { get; init; }

    /// <summary>
    /// By head: every logit is divided by it before probabilities are made of them. Above 1 makes probabilities more moderate, below 1 more extreme;
    /// which label is the most probable does not change. A head that is not here has 1. (Guo et al. 2017, arXiv 1706.04599)
    /// </summary>
    public IReadOnlyDictionary<string, float>? Temperatures { get; init; }

    /// <summary>Rules by head, then by label. A label without a rule never decides anything.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyDictionary<string, PolicyRule>> Heads { get; init; }

    /// <summary>Where temperatures and thresholds come from, if a tool chose them. Decides nothing.</summary>
    public PolicyCalibration? Calibration { get; init; }
}

/// <summary>When a label's probability leads to a review or a flag. At least one of the two thresholds is there.</summary>
public sealed record PolicyRule
{
    /// <summary>Probability from which a person should look at the post; in (0, 1].</summary>
    public float? Review { get; init; }

    /// <summary>Probability from which the post is flagged; in (0, 1], not below <see cref="Review"/>.</summary>
    public float? Flag { get; init; }

    /// <summary>Name of the flag that is raised. Default: the label.</summary>
    public string? FlagName { get; init; }

    /// <summary>Other thresholds by BCP 47 tag (<c>hi</c> also holds for <c>hi-Latn</c>). What one leaves out holds as above.</summary>
    public IReadOnlyDictionary<string, PolicyThresholds>? Languages { get; init; }
}

public sealed record PolicyThresholds(float? Review = null, float? Flag = null);
