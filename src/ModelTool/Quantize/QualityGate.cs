using System.Globalization;
using ModelTool.Evaluate;
using StreamScorer.Shared.Infer;

namespace ModelTool.Quantize;

/// <summary>What one head loses. Macro-F1 in points.</summary>
/// <param name="Rows">Labelled posts of the head.</param>
/// <param name="Largest">Change of a probability.</param>
/// <param name="Flips">Posts, of a sigmoid head labels of posts, that are decided differently.</param>
internal sealed record HeadLoss(string Head, int Rows, double Before, double After, double Largest, int Flips)
{
    public double Points => Before - After;

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Head}: macro-F1 {Before:0.00} in fp32, {After:0.00} in int8 on {Rows} posts; largest change of a probability {Largest:0.000}; {Flips} decided differently");
}

/// <summary>Measures a quantized bundle against the fp32 one on labelled posts.</summary>
internal static class QualityGate
{
    /// <param name="without">Sources to leave out.</param>
    public static List<HeadLoss> Measure(string fp32, string int8, string file, LabelledColumns columns, IReadOnlyList<string> without, InferOptions infer)
    {
        using var labelled = new LabelledRows(file, columns);
        if (without.Count > 0)
        {
            labelled.NeedSource();
        }

        using var sources = new ScoredSources(file, columns, infer, progress: null);
        var sets = SampleReader.Read(labelled, [sources.OpenBundle(fp32), sources.OpenBundle(int8)]);
        return [.. sets[0].Heads.Zip(sets[1].Heads, (before, after) => Lose(Evaluation.Pool(before, without), Evaluation.Pool(after, without), file))];
    }

    /// <exception cref="ToolException">A head loses more macro-F1 than the budget, in points.</exception>
    public static void Check(IReadOnlyList<HeadLoss> losses, double budget)
    {
        var over = losses.Where(loss => loss.Points > budget).ToList();
        if (over.Count > 0)
        {
            throw new ToolException(string.Create(
                CultureInfo.InvariantCulture,
                $"int8 loses more than --budget {budget} points, so no bundle is written: {string.Join("; ", over)}. Serve the fp32 bundle of 'import', or raise --budget."));
        }
    }

    private static HeadLoss Lose(HeadSamples before, HeadSamples after, string file)
    {
        var (first, second) = (Quality.Of(before).MacroF1, Quality.Of(after).MacroF1);
        if (first is null || second is null)
        {
            throw new ToolException($"{file} has no labelled posts of head '{before.Head}' once --without is left out: its quality cannot be measured.");
        }

        var largest = before.Samples
            .Zip(after.Samples, (one, other) => one.Probabilities.Zip(other.Probabilities, (a, b) => (double)Math.Abs(a - b)).Max())
            .Max();
        return new HeadLoss(before.Head, before.Samples.Count, 100 * first.Value, 100 * second.Value, largest, HeadComparison.Of(before, after).Flips.Count);
    }
}
