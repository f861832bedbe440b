using System.Text;

namespace ModelTool.Evaluate.Report;

/// <summary>The four pictures of one label: ROC, precision and recall, reliability, scores. A second model is drawn dashed.</summary>
internal static class LabelPlots
{
    private const int HistogramBins = 20;

    /// <summary>Share of the reliability picture that the counts take, at its foot.</summary>
    private const double CountStrip = 0.16;

    public static string Draw(string label, IReadOnlyList<(string Model, Outcome[] Outcomes)> models)
    {
        var html = new StringBuilder("<div class=\"plots\">\n");
        html.Append(Roc(label, models)).Append(PrecisionRecall(label, models)).Append(Calibration(label, models));
        for (var i = 0; i < models.Count; i++)
        {
            html.Append(Scores(label, models[i].Outcomes, models.Count > 1 ? $", {(i == 0 ? "first" : "second")} model" : ""));
        }

        return html.Append("</div>\n").ToString();
    }

    private static string Roc(string label, IReadOnlyList<(string Model, Outcome[] Outcomes)> models)
    {
        var areas = models.Select(model => Figures.Area(Ranking.RocAuc(model.Outcomes))).ToList();
        var plot = new Plot($"ROC, {label}", $"ROC curve of the label {label}: area {string.Join(" and ", areas)} of at most 1; a guess has 0.5.")
            .Fractions("false alarms: share of posts without the label", "caught: share of posts with it")
            .Segment(0, 0, 1, 1, "chance");
        for (var i = 0; i < models.Count; i++)
        {
            var curve = Ranking.Curve(models[i].Outcomes);
            var (hits, alarms) = (curve[^1].Hits, curve[^1].Alarms);
            if (hits > 0 && alarms > 0)
            {
                plot.Line(curve.Select(cut => ((double)cut.Alarms / alarms, (double)cut.Hits / hits)), Style(i));
            }

            plot.Text(0.97, 0.04 + (0.07 * (models.Count - 1 - i)), $"area {areas[i]}{Mark(i, models.Count)}", "end");
        }

        return plot.Draw();
    }

    private static string PrecisionRecall(string label, IReadOnlyList<(string Model, Outcome[] Outcomes)> models)
    {
        var areas = models.Select(model => Figures.Area(Ranking.PrAuc(model.Outcomes))).ToList();
        var positives = models[0].Outcomes.Count(outcome => outcome.Truth);
        var share = models[0].Outcomes.Length == 0 ? 0 : (double)positives / models[0].Outcomes.Length;
        var plot = new Plot(
                $"Precision and recall, {label}",
                $"Precision by recall of the label {label}: average precision {string.Join(" and ", areas)}; a guess has {Figures.Area(share)}, the share of posts with the label.")
            .Fractions("recall: share of posts with the label", "precision")
            .Segment(0, share, 1, share, "chance");
        for (var i = 0; i < models.Count; i++)
        {
            var curve = Ranking.Curve(models[i].Outcomes);
            if (curve[^1].Hits > 0)
            {
                plot.Line(curve.Skip(1).Select(cut => ((double)cut.Hits / curve[^1].Hits, cut.Precision!.Value)), Style(i));
            }

            plot.Text(0.03, 0.04 + (0.07 * (models.Count - 1 - i)), $"average {areas[i]}{Mark(i, models.Count)}");
        }

        return plot.Draw();
    }

    private static string Calibration(string label, IReadOnlyList<(string Model, Outcome[] Outcomes)> models)
    {
        var errors = models.Select(model => Figures.Points(Reliability.Error(model.Outcomes))).ToList();
        var plot = new Plot(
                $"Reliability, {label}",
                $"Share of posts with the label {label} by predicted probability, in {Reliability.Bins} bins: off by {string.Join(" and ", errors)} points on average. The bars at the foot count the posts of each bin.")
            .Fractions("predicted probability", "share that has the label")
            .Segment(0, 0, 1, 1, "chance");
        for (var i = 0; i < models.Count; i++)
        {
            var bins = Reliability.Bin(models[i].Outcomes);
            var most = Math.Max(1, bins.Max(bin => bin.Count));
            for (var at = 0; i == 0 && at < bins.Length; at++)
            {
                plot.Box((at + 0.1) / bins.Length, 0, (at + 0.9) / bins.Length, CountStrip * bins[at].Count / most, "counts");
                if (bins[at] is { Count: > 0 } bin)
                {
                    var (low, high) = Wilson(bin.Hits, bin.Count);
                    plot.Segment(bin.Mean!.Value, low, bin.Mean.Value, high, "whisker");
                }
            }

            plot.Line(bins.Where(bin => bin.Count > 0).Select(bin => (bin.Mean!.Value, bin.Share!.Value)), Style(i));
            foreach (var bin in bins.Where(bin => bin.Count > 0))
            {
                plot.Dot(bin.Mean!.Value, bin.Share!.Value, 22, i == 0 ? "dot first" : "dot second");
            }

            plot.Text(0.03, 0.94 - (0.07 * i), $"off by {errors[i]} points{Mark(i, models.Count)}");
        }

        return plot.Draw();
    }

    private static string Scores(string label, Outcome[] outcomes, string whose)
    {
        var (with, without) = (new int[HistogramBins], new int[HistogramBins]);
        foreach (var (truth, probability) in outcomes)
        {
            (truth ? with : without)[Math.Min((int)(probability * HistogramBins), HistogramBins - 1)]++;
        }

        var most = Math.Max(1, with.Concat(without).Max());
        var (top, half) = (Figures.Count(most), Figures.Count((int)Math.Round(most / 4.0)));
        var plot = new Plot(
                $"Scores, {label}{whose}",
                $"Posts by predicted probability of the label {label}{whose}: {with.Sum()} that have it above the middle line, {without.Sum()} that have not below it; {with[^1]} and {without[^1]} of them in the highest bin, {with[0]} and {without[0]} in the lowest.")
            .Axes("predicted probability", "posts (square-root scale)", top, half, "0", half, top);
        for (var i = 0; i < HistogramBins; i++)
        {
            var (left, right) = ((i + 0.08) / HistogramBins, (i + 0.92) / HistogramBins);
            plot.Box(left, 0.5, right, 0.5 + Height(with[i]), "with").Box(left, 0.5, right, 0.5 - Height(without[i]), "without");
        }

        return plot.Segment(0, 0.5, 1, 0.5, "middle").Text(0.5, 0.93, "has the label", "middle").Text(0.5, 0.03, "has not", "middle").Draw();

        // Confident models put nearly all posts at the ends: on a straight scale nothing else would be seen.
        double Height(int count) => 0.5 * Math.Sqrt((double)count / most);
    }

    /// <summary>95 % interval of a share (Wilson 1927): holds for small counts and at 0 and 1 as well.</summary>
    private static (double Low, double High) Wilson(int hits, int count)
    {
        const double Z = 1.959964;
        var (share, square) = ((double)hits / count, Z * Z / count);
        var middle = (share + (square / 2)) / (1 + square);
        var reach = Z * Math.Sqrt((share * (1 - share) / count) + (square / (4 * count))) / (1 + square);
        return (Math.Max(0, middle - reach), Math.Min(1, middle + reach));
    }

    private static string Style(int model) => model == 0 ? "curve first" : "curve second";

    private static string Mark(int model, int models) => models == 1 ? "" : model == 0 ? " (first, solid)" : " (second, dashed)";
}
