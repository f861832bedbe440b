using StreamScorer.Operate.Page;
using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Judge;

namespace StreamScorer.Tests.Operate.Page;

public sealed class ScoreHistogramsTests
{
    private static readonly ModelBundle Bundle = ModelBundle.Open(Repository.DefaultBundle);
    private readonly ScoreHistograms _scores = new(Bundle.Manifest.Heads, Bundle.Policy);

    [Theory]
    [InlineData(0f, 0)]
    [InlineData(0.0499f, 0)]
    [InlineData(0.05f, 1)]
    [InlineData(0.999f, 19)]
    [InlineData(1f, 19)]
    public void Add_ShouldCountTheLabelThatMeansYes(float probability, int bin)
    {
        _scores.Add(Entries.Flagged("x", hate: probability).Verdict!);

        Assert.Equal(["fake fake", "hate hate", "sentiment positive"], _scores.Read().Select(own => $"{own.Head} {own.Label}"));
        Assert.Equal(Enumerable.Range(0, ScoreHistograms.Bins).Select(i => i == bin ? 1L : 0L), _scores.Read()[1].Bins);
    }

    [Fact]
    public void Turn_ShouldForgetWhatIsTwoTurnsOld()
    {
        _scores.Add(Entries.Flagged("x").Verdict!);
        _scores.Turn();
        Assert.Equal(1, _scores.Read()[1].Bins.Sum());

        _scores.Turn();

        Assert.Equal(0, _scores.Read()[1].Bins.Sum());
    }

    [Fact]
    public void Read_ShouldPutLabelsWithARuleFirst_AndNoMoreThanCanBeLookedAt()
    {
        HeadManifest[] heads = [new("emotion", HeadKind.Sigmoid, [.. Enumerable.Range(0, 28).Select(i => $"e{i}")]), .. Bundle.Manifest.Heads];

        var labels = new ScoreHistograms(heads, Bundle.Policy).Read().Select(own => own.Label).ToList();

        Assert.Equal(12, labels.Count);
        Assert.Equal(["fake", "hate", "e0"], labels.Take(3));
    }

    [Fact]
    public void Shares_ShouldBeTheDifferencesOfTheCalibrationCurve()
    {
        var label = Bundle.Policy.Content.Calibration!.Heads["hate"].Labels["hate"];

        var shares = PageFacts.Shares(label)!;

        Assert.Equal(ScoreHistograms.Bins, shares.Count);
        Assert.Equal(1, shares.Sum(), 3);
        Assert.Equal(1 - label.Curve[0].Share, shares[0], 4);
        Assert.Equal(label.Curve[^1].Share, shares[^1], 4);
        Assert.Null(PageFacts.Shares(label with { Curve = [.. label.Curve.Skip(1)] }));
        Assert.Null(PageFacts.Shares(label with { Curve = [new CurvePoint(0.04f, 1, 1), .. label.Curve.Skip(1)] }));
        Assert.Null(PageFacts.Shares(null));
    }
}
