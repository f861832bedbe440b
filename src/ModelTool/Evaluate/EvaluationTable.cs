using System.Globalization;
using System.Text;

namespace ModelTool.Evaluate;

/// <summary>An evaluation as a table for people; F1, accuracy, calibration error and Brier score in points, as papers give them.</summary>
internal static partial class EvaluationTable
{
    public static string Format(Evaluation evaluation)
    {
        var text = new StringBuilder();
        Add(text, evaluation);
        if (evaluation.Against is { } against)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n\nAgainst {against.Name}:\n\n");
            Add(text, against);
            AddComparison(text, evaluation);
        }

        return text.ToString();
    }

    private static void Add(StringBuilder text, Evaluation evaluation)
    {
        if (evaluation.Heads.Count > 0)
        {
            AddHeads(text, evaluation);
        }

        AddEntities(text, evaluation);
        AddAnswers(text, evaluation);
        text.Append(CultureInfo.InvariantCulture, $"{evaluation.Rows} rows, {evaluation.Rejected} of them rejected and in no figure");
    }

    private static void AddHeads(StringBuilder text, Evaluation evaluation)
    {
        Line(text, "head", "slice", "rows", "accuracy", "macro-F1", "ROC-AUC", "PR-AUC", "ECE", "Brier");
        foreach (var (head, quality) in evaluation.Heads)
        {
            Line(text, head, "(all)", quality.Pooled);
            foreach (var (column, values) in quality.Slices)
            {
                foreach (var (value, own) in values)
                {
                    Line(text, head, column == "source" && evaluation.Without.Contains(value) ? value + " *" : value, own);
                }
            }
        }

        if (evaluation.Without.Count > 0)
        {
            text.Append("* not in (all)\n");
        }

        AddLabels(text, evaluation);
    }

    private static void AddLabels(StringBuilder text, Evaluation evaluation)
    {
        var width = evaluation.Heads.Values.SelectMany(head => head.Pooled.Labels.Keys).Append("").Max(label => Math.Max(16, label.Length));
        text.Append(CultureInfo.InvariantCulture, $"\n{"head",-12} {"label".PadRight(width)} {"posts",6} {"precision",9} {"recall",9} {"F1",8} {"ROC-AUC",8} {"PR-AUC",7}\n");
        foreach (var (head, quality) in evaluation.Heads)
        {
            foreach (var (name, label) in quality.Pooled.Labels)
            {
                var (precision, recall) = (Number(100 * label.Precision, "F1"), Number(100 * label.Recall, "F1"));
                var (f1, roc, pr) = (Number(100 * label.F1, "F1"), Number(label.RocAuc, "F3"), Number(label.PrAuc, "F3"));
                text.Append(CultureInfo.InvariantCulture, $"{head,-12} {name.PadRight(width)} {label.Positives,6} {precision,9} {recall,9} {f1,8} {roc,8} {pr,7}\n");
            }

            foreach (var note in quality.Pooled.Notes)
            {
                text.Append(CultureInfo.InvariantCulture, $"- {head}: {note}\n");
            }
        }

        text.Append('\n');
    }

    private static void AddComparison(StringBuilder text, Evaluation evaluation)
    {
        text.Append(CultureInfo.InvariantCulture, $"\n\nDifference, {evaluation.Against!.Name} less {evaluation.Name}:\n");
        foreach (var (head, own) in evaluation.Comparison!)
        {
            var (low, high) = (Number(100 * own.MacroF1Interval?.Low, "+0.0;-0.0;0.0"), Number(100 * own.MacroF1Interval?.High, "+0.0;-0.0;0.0"));
            text.Append(
                CultureInfo.InvariantCulture,
                $"{head}: macro-F1 {Number(100 * own.MacroF1Difference, "+0.0;-0.0;0.0")} (95 % interval {low} to {high}), {own.Flips.Count} flips, {own.OnlySecond} right only now, {own.OnlyFirst} right only before, McNemar p {own.McNemar:0.000}\n");
        }

        AddTextComparison(text, evaluation);
        text.Length--;
    }

    private static void Line(StringBuilder text, string head, string slice, Quality quality) => Line(
        text,
        head,
        slice,
        quality.Rows.ToString(CultureInfo.InvariantCulture),
        Number(100 * quality.Accuracy, "F1"),
        Number(100 * quality.MacroF1, "F1"),
        Number(quality.RocAuc, "F3"),
        Number(quality.PrAuc, "F3"),
        Number(100 * quality.CalibrationError, "F1"),
        Number(100 * quality.Brier, "F1"));

    private static void Line(StringBuilder text, params string[] cells) =>
        text.Append(CultureInfo.InvariantCulture, $"{cells[0],-12} {cells[1],-16} {cells[2],6} {cells[3],9} {cells[4],9} {cells[5],8} {cells[6],7} {cells[7],6} {cells[8],6}\n");

    private static string Number(double? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture) ?? "-";
}
