using System.Globalization;
using ModelTool.Evaluate;
using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Infer;

namespace ModelTool.Quantize;

/// <summary>Labelled posts to measure on.</summary>
/// <param name="Without">Sources to leave out.</param>
internal sealed record GateData(string File, LabelledColumns Columns, IReadOnlyList<string> Without, InferOptions Infer)
{
    /// <summary>Posts that rank the parts of a graph; their labels are not read.</summary>
    public const int RankingPosts = 2_000;
}

/// <summary>What one head loses. Macro-F1 in points.</summary>
/// <param name="Precision">Of the graph that is measured against fp32.</param>
/// <param name="After">Quality of the head in that precision.</param>
/// <param name="Mean">Change of a probability, as its absolute value.</param>
/// <param name="Largest">Change of a probability.</param>
/// <param name="Flips">Posts, of a sigmoid head labels of posts, that are decided differently.</param>
internal sealed record HeadLoss(string Head, string Precision, double Before, Quality After, double Mean, double Largest, int Flips)
{
    public double Points => Before - (100 * After.MacroF1!.Value);

    /// <summary>As the manifest has it.</summary>
    public QuantizedHead Manifest => new(After.Rows, After.MacroF1!.Value, Before / 100, Mean, Largest, Flips);

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Head}: macro-F1 {Before:0.00} in fp32, {Before - Points:0.00} in {Precision} on {After.Rows} posts; change of a probability {Mean:0.0000} on average, {Largest:0.000} at most; {Flips} decided differently");
}

/// <summary>Measures bundles of less precision against the fp32 one on labelled posts.</summary>
internal sealed class QualityGate
{
    private readonly GateData _data;
    private readonly ScoredInput _fp32;

    /// <summary>Scores all posts with the fp32 bundle.</summary>
    public QualityGate(string fp32, GateData data)
    {
        using (var rows = new LabelledRows(data.File, data.Columns))
        {
            if (data.Without.Count > 0)
            {
                rows.NeedSource();
            }
        }

        _data = data;
        using var scores = BundleScores.Open(fp32, data.Infer, progress: null);
        _fp32 = new ScoredInput("the fp32 bundle", [.. scores.Read(data.File, data.Columns)]);
    }

    /// <param name="precision">How to call what is measured.</param>
    /// <exception cref="ToolException">A head has no labels, so that nothing can be measured.</exception>
    public List<HeadLoss> Measure(string folder, string precision)
    {
        using var labelled = new LabelledRows(_data.File, _data.Columns);
        using var scores = BundleScores.Open(folder, _data.Infer, progress: null);
        var sets = SampleReader.Read(labelled, [_fp32, new ScoredInput($"the {precision} bundle", scores.Read(_data.File, _data.Columns))]);
        return
        [
            .. sets[0].Heads.Zip(
                sets[1].Heads,
                (before, after) => Lose(Evaluation.Pool(before, _data.Without), Evaluation.Pool(after, _data.Without), precision)),
        ];
    }

    /// <summary>Mean change of a head's probabilities on the first posts.</summary>
    public double Change(string folder, IReadOnlyCollection<string> heads)
    {
        using var scores = BundleScores.Open(folder, _data.Infer, progress: null);
        return _fp32.Lines.Take(GateData.RankingPosts)
            .Zip(scores.Read(_data.File, _data.Columns))
            .Where(pair => pair.First.Heads is not null)
            .SelectMany(pair => pair.First.Heads!.Zip(pair.Second.Heads!))
            .Where(pair => heads.Contains(pair.First.Name))
            .SelectMany(pair => Changes(pair.First.Probabilities, pair.Second.Probabilities))
            .Average();
    }

    private HeadLoss Lose(HeadSamples before, HeadSamples after, string precision)
    {
        var (first, second) = (Quality.Of(before), Quality.Of(after));
        if (first.MacroF1 is null || second.MacroF1 is null)
        {
            throw new ToolException($"{_data.File} has no labelled posts of head '{before.Head}' once --without is left out: its quality cannot be measured.");
        }

        var changes = before.Samples.Zip(after.Samples).SelectMany(pair => Changes(pair.First.Probabilities, pair.Second.Probabilities)).ToList();
        return new HeadLoss(
            before.Head, precision, 100 * first.MacroF1.Value, second, changes.Average(), changes.Max(), HeadComparison.Of(before, after).Flips.Count);
    }

    private static IEnumerable<double> Changes(float[] before, float[] after) => before.Zip(after, (a, b) => (double)Math.Abs(a - b));
}
