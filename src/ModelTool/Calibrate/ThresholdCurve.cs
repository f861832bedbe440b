using ModelTool.Evaluate;
using StreamScorer.Shared.Judge;

namespace ModelTool.Calibrate;

/// <summary>What every threshold of three decimals, 0.001 to 0.999, catches of one label. A finer one would say more than the data does.</summary>
internal sealed class ThresholdCurve
{
    public const int Steps = 1000;

    private readonly int[] _hits = new int[Steps];
    private readonly int[] _caught = new int[Steps];
    private readonly int[] _strays = new int[Steps];
    private readonly int _rows;

    /// <param name="background">Probabilities of posts that nobody labelled for this head.</param>
    public ThresholdCurve(IReadOnlyList<Outcome> outcomes, IReadOnlyList<float>? background = null)
    {
        _rows = outcomes.Count;
        Background = background?.Count ?? 0;
        foreach (var (truth, probability) in outcomes)
        {
            var highest = HighestReached(probability);
            _caught[highest]++;
            _hits[highest] += truth ? 1 : 0;
            Positives += truth ? 1 : 0;
        }

        foreach (var probability in background ?? [])
        {
            _strays[HighestReached(probability)]++;
        }

        for (var step = Steps - 2; step >= 0; step--)
        {
            _strays[step] += _strays[step + 1];
            _caught[step] += _caught[step + 1];
            _hits[step] += _hits[step + 1];
        }
    }

    public int Positives { get; }

    /// <summary>Posts that nobody labelled for this head.</summary>
    public int Background { get; }

    public int Hits(int step) => _hits[step];

    /// <summary>Posts of the background that reach the threshold.</summary>
    public int Strays(int step) => _strays[step];

    public int Caught(int step) => _caught[step];

    public double? Precision(int step) => _caught[step] == 0 ? null : (double)_hits[step] / _caught[step];

    public double Recall(int step) => Positives == 0 ? 0 : (double)_hits[step] / Positives;

    public static float Threshold(int step) => step / (float)Steps;

    public CurvePoint Point(int step) => new(
        Threshold(step), Figure.Round(Recall(step)), Figure.Round((double)_caught[step] / _rows), Figure.Round(Precision(step)));

    // The same comparison as the judge's, on the same floats.
    private static int HighestReached(float probability)
    {
        var step = Math.Min((int)(probability * Steps) + 1, Steps - 1);
        while (probability < Threshold(step))
        {
            step--;
        }

        return step;
    }
}

/// <summary>Figures as the policy holds them.</summary>
internal static class Figure
{
    public static double Round(double value) => Math.Round(value, 4);

    public static double? Round(double? value) => value is { } known ? Round(known) : null;
}
