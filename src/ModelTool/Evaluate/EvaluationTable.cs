using System.Globalization;
using System.Text;

namespace ModelTool.Evaluate;

/// <summary>An evaluation as a table for people; F1 and calibration error in points, as papers give them.</summary>
internal static class EvaluationTable
{
    public static string Format(Evaluation evaluation)
    {
        var text = new StringBuilder();
        Line(text, "head", "source", "rows", "macro-F1", "ROC-AUC", "ECE");
        foreach (var (head, quality) in evaluation.Heads)
        {
            Line(text, head, "(all)", quality.Pooled);
            foreach (var (source, own) in quality.Sources)
            {
                Line(text, head, evaluation.Without.Contains(source) ? source + " *" : source, own);
            }
        }

        if (evaluation.Without.Count > 0)
        {
            text.Append("* not in (all)\n");
        }

        return text.Append(CultureInfo.InvariantCulture, $"{evaluation.Rows} rows, {evaluation.Rejected} of them rejected and in no figure").ToString();
    }

    private static void Line(StringBuilder text, string head, string source, Quality quality)
    {
        static string Number(double? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture) ?? "-";
        Line(
            text,
            head,
            source,
            quality.Rows.ToString(CultureInfo.InvariantCulture),
            Number(100 * quality.MacroF1, "F1"),
            Number(quality.RocAuc, "F3"),
            Number(100 * quality.CalibrationError, "F1"));
    }

    private static void Line(StringBuilder text, string head, string source, string rows, string f1, string auc, string ece) =>
        text.Append(CultureInfo.InvariantCulture, $"{head,-12} {source,-16} {rows,6} {f1,9} {auc,8} {ece,6}\n");
}
