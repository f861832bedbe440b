using ModelTool.Calibrate;
using ModelTool.Evaluate;

namespace ModelTool.Tests.Calibrate;

public sealed class ThresholdTests
{
    private static readonly Outcome[] Eight =
    [
        new(true, 0.95f), new(true, 0.9f), new(false, 0.8f), new(true, 0.7f), new(true, 0.6f), new(false, 0.5f), new(false, 0.3f), new(true, 0.2f),
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Curve_ShouldCountWhatTheJudgeWouldCatch(int seed)
    {
        var random = new Random(seed);
        var outcomes = Enumerable.Range(0, 500).Select(i => new Outcome(random.Next(2) == 0, i % 3 == 0 ? random.Next(1001) / 1000f : random.NextSingle())).ToList();
        var curve = new ThresholdCurve(outcomes);

        for (var step = 1; step < ThresholdCurve.Steps; step++)
        {
            var caught = outcomes.Where(outcome => outcome.Probability >= ThresholdCurve.Threshold(step)).ToList();
            Assert.Equal((caught.Count(outcome => outcome.Truth), caught.Count), (curve.Hits(step), curve.Caught(step)));
        }
    }

    [Fact]
    public void Precision_ShouldTakeTheLowestThresholdThatReachesIt()
    {
        // 40 posts at 0.9 of which 38 are true, 20 at 0.6 of which 14: 38/40 = 0.95; 52/60 = 0.867
        Outcome[] outcomes = [.. Many(38, true, 0.9f), .. Many(2, false, 0.9f), .. Many(14, true, 0.6f), .. Many(6, false, 0.6f)];
        var curve = new ThresholdCurve(outcomes);

        Assert.Equal(601, new PrecisionTarget(0.9).Choose(curve)); // just above 0.6
        Assert.Equal(1, new PrecisionTarget(0.85).Choose(curve));
        Assert.Null(new PrecisionTarget(0.96).Choose(curve));
    }

    [Fact]
    public void Precision_ShouldNotTrustAFewPosts() =>
        Assert.Null(new PrecisionTarget(0.9).Choose(new ThresholdCurve([.. Many(29, true, 0.9f), .. Many(29, false, 0.5f)])));

    [Fact]
    public void BestF1_ShouldTakeTheHighest()
    {
        // from 0.6: 4 of 5 caught are true, of 5: F1 0.8; lower (0.2: 5 of 8): 10/13; higher (0.9: 2 of 2): 4/7
        Assert.Equal(501, new BestF1Target().Choose(new ThresholdCurve(Eight)));
    }

    [Theory]
    [InlineData(0.3, 801)] // false alarms cost more: only 0.95 and 0.9, 3 misses at 0.3 each
    [InlineData(1, 501)] // 1 false alarm and 1 miss
    [InlineData(5, 1)] // misses cost more: catch all, 3 false alarms
    public void Cost_ShouldBeLeast(double ratio, int step) =>
        Assert.Equal(step, new CostTarget(ratio).Choose(new ThresholdCurve(Eight)));

    [Theory]
    [InlineData(0.8, 600)]
    [InlineData(1, 200)]
    [InlineData(0.1, 950)]
    public void Recall_ShouldTakeTheHighestThresholdThatReachesIt(double recall, int step) =>
        Assert.Equal(step, new RecallTarget(recall).Choose(new ThresholdCurve(Eight)));

    [Theory]
    [InlineData(0.5, 401)] // the inner target's own: 20 of 50 strays is less than half
    [InlineData(0.2, 701)] // 10 of 50 are at 0.8
    [InlineData(0.1, 801)]
    public void Background_ShouldRaiseTheThresholdUntilFewEnoughStraysReachIt(double share, int step)
    {
        float[] background = [.. Enumerable.Repeat(0.8f, 10), .. Enumerable.Repeat(0.7f, 10), .. Enumerable.Repeat(0.1f, 30)];
        var curve = new ThresholdCurve([.. Many(40, true, 0.9f), .. Many(30, false, 0.4f)], background);

        Assert.Equal(step, new BackgroundTarget(new PrecisionTarget(0.9), share).Choose(curve));
    }

    [Fact]
    public void Background_ShouldReachNothing_WhenTheInnerTargetDoesNot() =>
        Assert.Null(new BackgroundTarget(new PrecisionTarget(0.9), 0.5).Choose(new ThresholdCurve([.. Many(40, false, 0.9f)], [0.1f])));

    [Fact]
    public void Background_ShouldReachNothing_WhenTooManyStraysLieAboveEveryThreshold() =>
        Assert.Null(new BackgroundTarget(new FixedTarget(0.5), 0.4).Choose(new ThresholdCurve([.. Many(40, true, 0.9f)], [1f, 0f])));

    [Fact]
    public void Targets_ShouldReachNothing_WhenNoPostHasTheLabel()
    {
        var curve = new ThresholdCurve([.. Many(40, false, 0.9f)]);

        Assert.All((ThresholdTarget[])[new PrecisionTarget(0.1), new BestF1Target(), new CostTarget(1), new RecallTarget(0.1)], target => Assert.Null(target.Choose(curve)));
    }

    [Fact]
    public void Fit_ShouldTellWhatHeldOutRowsReach()
    {
        var head = Rows.Drawn(3, 4_000, 2);

        var fit = HeadFit.Of(head, [new FitLabel(1, "yes", Flag: true, Review: true)], new FitTargets(new PrecisionTarget(0.9), new FixedTarget(0.5), 5));

        var (flag, review) = (fit.Calibration.Labels["yes"].Flag!, fit.Calibration.Labels["yes"].Review!);
        Assert.True(flag.Precision >= 0.9);
        Assert.InRange(flag.HeldOutPrecision!.Value, 0.87, 0.93);
        Assert.Equal((0.5f, review.Precision, review.Recall), (review.Threshold, review.HeldOutPrecision, review.HeldOutRecall)); // temperature does not move 0.5
        Assert.True(fit.Calibration.After.NegativeLogLikelihood < fit.Calibration.Before.NegativeLogLikelihood);
        Assert.InRange(fit.Calibration.HeldOut.NegativeLogLikelihood - fit.Calibration.After.NegativeLogLikelihood, 0, 0.002);
        Assert.Equal(19, fit.Calibration.Labels["yes"].Curve.Count);
    }

    [Fact]
    public void Fit_ShouldChooseForHeldOutRows_OnTheOthersOnly()
    {
        var head = Rows.Drawn(11, 300, 2);
        var target = new PrecisionTarget(0.9);
        var (hits, caught, positives) = (0, 0, 0);
        for (var fold = 0; fold < 4; fold++)
        {
            var (others, held) = (head.Fold(fold, 4, others: true), head.Fold(fold, 4, others: false));
            Assert.Equal(300, others.Rows.Concat(held.Rows).Select(row => row.Id).Distinct().Count());
            var temperature = Temperature.Fit(others)!.Value;
            var step = target.Choose(new ThresholdCurve(Outcome.Of(others.At(temperature), 1)))!.Value;
            var flagged = Outcome.Of(held.At(temperature), 1).Where(outcome => outcome.Probability >= ThresholdCurve.Threshold(step)).ToList();
            (hits, caught) = (hits + flagged.Count(outcome => outcome.Truth), caught + flagged.Count);
            positives += held.Rows.Count(row => row.Truth[1] == true);
        }

        var flag = HeadFit.Of(head, [new FitLabel(1, "yes", Flag: true, Review: false)], new FitTargets(target, new FixedTarget(0.5), 4)).Calibration.Labels["yes"].Flag!;

        Assert.Equal((double)hits / caught, flag.HeldOutPrecision!.Value, 4);
        Assert.Equal((double)hits / positives, flag.HeldOutRecall!.Value, 4);
        Assert.NotEqual(flag.Precision!.Value, flag.HeldOutPrecision.Value);
    }

    [Fact]
    public void Fit_ShouldHoldTheBackgroundToItsShare_OnHeldOutRowsToo()
    {
        var head = Rows.Drawn(3, 4_000, 2) with { Background = [.. Rows.Drawn(5, 2_000, 2).Rows.Select(row => row with { Id = $"b{row.Id}", Truth = [] })] };
        var targets = new FitTargets(new BackgroundTarget(new PrecisionTarget(0.6), 0.05), new BackgroundTarget(new FixedTarget(0.5), 0.2), 5);

        var fit = HeadFit.Of(head, [new FitLabel(1, "yes", Flag: true, Review: true)], targets);

        var (flag, review) = (fit.Calibration.Labels["yes"].Flag!, fit.Calibration.Labels["yes"].Review!);
        Assert.Equal(2_000, fit.Calibration.Background);
        Assert.InRange(flag.HeldOutBackground!.Value, 0.04, 0.06);
        Assert.InRange(review.HeldOutBackground!.Value, 0.18, 0.22);
        var reached = head.Background.Count(row => 1 / (1 + Math.Exp(-row.Logits[1] / fit.Temperature)) >= flag.Threshold) / 2_000.0;
        Assert.InRange(reached, 0.045, 0.05);
    }

    [Fact]
    public void Fit_ShouldLeaveOutTheReviewBand_WhenFlagLiesBelowIt()
    {
        var fit = HeadFit.Of(Rows.Drawn(3, 500, 2), [new FitLabel(1, "yes", Flag: true, Review: true)], new FitTargets(new CostTarget(10), new FixedTarget(0.5), 2));

        Assert.Null(fit.Thresholds["yes"].Review);
        Assert.InRange(fit.Thresholds["yes"].Flag!.Value, 0.001f, 0.5f);
    }

    private static IEnumerable<Outcome> Many(int count, bool truth, float probability) => Enumerable.Repeat(new Outcome(truth, probability), count);
}
