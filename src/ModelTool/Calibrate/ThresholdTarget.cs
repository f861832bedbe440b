using System.Globalization;

namespace ModelTool.Calibrate;

/// <summary>What thresholds are to reach.</summary>
internal abstract record ThresholdTarget
{
    /// <summary>In words, for the policy file.</summary>
    public abstract string Words { get; }

    /// <summary>The step of the curve, 1 to 999; null when none reaches it.</summary>
    public abstract int? Choose(ThresholdCurve curve);

    protected static IEnumerable<int> All => Enumerable.Range(1, ThresholdCurve.Steps - 1);

    protected static string Number(double value) => value.ToString("0.####", CultureInfo.InvariantCulture);
}

/// <summary>The lowest threshold with at least this precision: catches as many posts as that allows.</summary>
internal sealed record PrecisionTarget(double Precision) : ThresholdTarget
{
    /// <summary>Of fewer posts a precision is luck.</summary>
    public const int FewestPosts = 30;

    public override string Words => $"the lowest threshold with a precision of at least {Number(Precision)} on at least {FewestPosts} posts";

    public override int? Choose(ThresholdCurve curve) =>
        All.Where(step => curve.Caught(step) >= FewestPosts && curve.Precision(step) >= Precision).Select(step => (int?)step).FirstOrDefault();
}

/// <summary>The threshold with the highest F1.</summary>
internal sealed record BestF1Target : ThresholdTarget
{
    public override string Words => "the threshold with the highest F1";

    public override int? Choose(ThresholdCurve curve) => curve.Positives == 0
        ? null
        : All.MaxBy(step => 2.0 * curve.Hits(step) / (curve.Caught(step) + curve.Positives));
}

/// <summary>The threshold that costs least when a post that slips through costs this many times a false alarm.</summary>
internal sealed record CostTarget(double Ratio) : ThresholdTarget
{
    public override string Words => $"the least cost, when a post that slips through costs {Number(Ratio)} times a false alarm";

    public override int? Choose(ThresholdCurve curve) => curve.Positives == 0
        ? null
        : All.MinBy(step => curve.Caught(step) - curve.Hits(step) + (Ratio * (curve.Positives - curve.Hits(step))));
}

/// <summary>The highest threshold that still catches this share: for the review band.</summary>
internal sealed record RecallTarget(double Recall) : ThresholdTarget
{
    public override string Words => $"the highest threshold with a recall of at least {Number(Recall)}";

    public override int? Choose(ThresholdCurve curve) => curve.Positives == 0
        ? null
        : All.Where(step => curve.Recall(step) >= Recall).Select(step => (int?)step).LastOrDefault();
}

/// <summary>
/// What another target chooses, or higher: so high that at most this share of the background reaches it. Rows labelled for a head are collected for what the head looks for, so a
/// precision on them says little about the ordinary posts of a stream.
/// </summary>
internal sealed record BackgroundTarget(ThresholdTarget Inner, double Share) : ThresholdTarget
{
    public override string Words => $"{Inner.Words}, raised until at most {Number(Share)} of the rows without a label of the head reach it";

    public override int? Choose(ThresholdCurve curve) => Inner.Choose(curve) is not { } inner
        ? null
        : All.Where(step => step >= inner && curve.Strays(step) <= Share * curve.Background).Select(step => (int?)step).FirstOrDefault();
}

/// <summary>A threshold of its own, whatever the data.</summary>
internal sealed record FixedTarget(double Threshold) : ThresholdTarget
{
    public override string Words => $"{Number(Threshold)}, the label is more likely than not";

    public override int? Choose(ThresholdCurve curve) => (int)Math.Round(Threshold * ThresholdCurve.Steps);
}
