using ModelTool.Evaluate;
using StreamScorer.Shared.Judge;

namespace ModelTool.Calibrate;

/// <summary>What to look for.</summary>
/// <param name="Folds">Parts of the cross-validation.</param>
internal sealed record FitTargets(ThresholdTarget Flag, ThresholdTarget Review, int Folds);

/// <summary>A label that gets thresholds, and which of the two.</summary>
internal sealed record FitLabel(int Index, string Name, bool Flag, bool Review);

/// <summary>A head's temperature and its labels' thresholds, chosen on all rows, with figures of rows that had no part in choosing.</summary>
internal sealed record HeadFit(double Temperature, HeadCalibration Calibration, IReadOnlyDictionary<string, (float? Flag, float? Review)> Thresholds)
{
    private const int CurveSteps = 50;

    /// <summary>Of fewer posts a share is luck.</summary>
    private const int FewestBackground = 100;

    /// <exception cref="ToolException">The rows cannot say what is asked of them.</exception>
    public static HeadFit Of(HeadRows head, IReadOnlyList<FitLabel> labels, FitTargets targets)
    {
        var temperature = Fit(head, "the data has");
        var folds = Enumerable.Range(0, targets.Folds).Select(fold => Part.Of(head, fold, targets.Folds)).ToList();
        var scored = head.Score(temperature);
        var heldOut = scored.Samples with { Samples = [.. folds.SelectMany(fold => fold.Held.Samples.Samples)] };
        var calibrations = new Dictionary<string, LabelCalibration>();
        var thresholds = new Dictionary<string, (float? Flag, float? Review)>();
        foreach (var label in labels)
        {
            var fit = new LabelFit(scored.Curve(label.Index), [.. folds.Select(fold => (fold.Others.Curve(label.Index), fold.Held.Curve(label.Index)))]);
            if (fit.Curve.Positives == 0)
            {
                throw new ToolException($"No row of the data has the label {head.Head.Name}.{label.Name}: no threshold can be chosen for it. Give rows that have it, or take it out of --label and its rule out of the policy.");
            }

            if (fit.Curve.Background < FewestBackground && (targets.Flag is BackgroundTarget || targets.Review is BackgroundTarget))
            {
                throw new ToolException($"The data has {fit.Curve.Background} rows without a label of head '{head.Head.Name}', and the background is to be at least {FewestBackground}: add ordinary posts with that column empty, or leave --background-flags and --background-reviews out.");
            }

            var flag = label.Flag ? fit.Choose(targets.Flag) : null;
            var review = label.Review ? fit.Choose(targets.Review) : null;
            review = review is not null && flag is not null && review.Threshold >= flag.Threshold ? null : review;
            calibrations.Add(label.Name, new LabelCalibration(targets.Flag.Words, fit.Curve.Positives, fit.Support(), flag, review));
            thresholds.Add(label.Name, (flag?.Threshold, review?.Threshold));
        }

        var calibration = new HeadCalibration(
            head.Rows.Count,
            Figures(Calibrate.Temperature.NegativeLogLikelihood(head, 1), head.At(1)),
            Figures(Calibrate.Temperature.NegativeLogLikelihood(head, temperature), scored.Samples),
            Figures(folds.Sum(fold => fold.Loss.Sum) / folds.Sum(fold => fold.Loss.Count), heldOut),
            calibrations,
            head.Background.Count > 0 ? head.Background.Count : null);
        return new HeadFit(temperature, calibration, thresholds);
    }

    private static double Fit(HeadRows head, string what) => Calibrate.Temperature.Fit(head)
        ?? throw new ToolException($"Head '{head.Head.Name}' cannot be calibrated: {what} one label only, or none, in {head.Rows.Count} rows. Leave its column out, or give rows of every label.");

    private static CalibrationFigures Figures(double loss, HeadSamples samples) =>
        new(Figure.Round(loss), Figure.Round(Reliability.Error(Reliability.Claims(samples)) ?? 0));

    /// <summary>One part of the cross-validation: a temperature from the other parts, and what it makes of this one.</summary>
    private sealed record Part(ScoredRows Others, ScoredRows Held, (double Sum, int Count) Loss)
    {
        public static Part Of(HeadRows head, int fold, int folds)
        {
            var (others, held) = (head.Fold(fold, folds, others: true), head.Fold(fold, folds, others: false));
            if (held.Rows.Count == 0)
            {
                throw new ToolException($"Head '{head.Head.Name}' has {head.Rows.Count} labelled rows, too few for {folds} parts: give more rows, or fewer --folds.");
            }

            var temperature = Fit(others, "without one part of the cross-validation the data has");
            return new Part(others.Score(temperature), held.Score(temperature), Calibrate.Temperature.Loss(held, temperature));
        }
    }

    private sealed record LabelFit(ThresholdCurve Curve, IReadOnlyList<(ThresholdCurve Others, ThresholdCurve Held)> Folds)
    {
        public ThresholdFigures? Choose(ThresholdTarget target)
        {
            if (target.Choose(Curve) is not { } step)
            {
                return null;
            }

            var (hits, caught, strays) = (0, 0, 0);
            foreach (var (others, held) in Folds)
            {
                // A part whose others reach the target nowhere flags nothing.
                if (target.Choose(others) is { } chosen)
                {
                    hits += held.Hits(chosen);
                    caught += held.Caught(chosen);
                    strays += held.Strays(chosen);
                }
            }

            return new ThresholdFigures(
                ThresholdCurve.Threshold(step),
                Figure.Round(Curve.Recall(step)),
                Figure.Round(Curve.Precision(step)),
                caught == 0 ? null : Figure.Round((double)hits / caught),
                Figure.Round((double)hits / Folds.Sum(fold => fold.Held.Positives)),
                Curve.Background == 0 ? null : Figure.Round((double)strays / Curve.Background));
        }

        public IReadOnlyList<CurvePoint> Support() =>
            [.. Enumerable.Range(1, (ThresholdCurve.Steps / CurveSteps) - 1).Select(i => Curve.Point(i * CurveSteps))];
    }
}
