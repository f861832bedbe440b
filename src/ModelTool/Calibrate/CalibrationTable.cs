using System.Globalization;
using System.Text;
using StreamScorer.Shared.Judge;

namespace ModelTool.Calibrate;

/// <summary>A calibration as a table for people; calibration errors, precision, recall and the share of the background in points.</summary>
internal static class CalibrationTable
{
    public static string Format(PolicyFile policy)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{"head",-12} {"rows",6} {"temperature",11}   {"NLL: before",11} {"after",6} {"held out",8}   {"ECE: before",11} {"after",6} {"held out",8}\n");
        foreach (var (head, own) in policy.Calibration!.Heads)
        {
            var (before, after, held) = (own.Before, own.After, own.HeldOut);
            text.Append(
                CultureInfo.InvariantCulture,
                $"{head,-12} {own.Rows,6} {policy.Temperatures![head],11:F3}   {before.NegativeLogLikelihood,11:F4} {after.NegativeLogLikelihood,6:F4} {held.NegativeLogLikelihood,8:F4}   {100 * before.CalibrationError,11:F1} {100 * after.CalibrationError,6:F1} {100 * held.CalibrationError,8:F1}\n");
        }

        var labels = policy.Calibration.Heads.SelectMany(head => head.Value.Labels.Select(label => (Name: $"{head.Key}.{label.Key}", label.Value))).ToList();
        var width = labels.Select(label => label.Name.Length).Append(20).Max();
        if (labels.Count > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n{"label".PadRight(width)} {"posts",6} {"band",-7} {"threshold",9} {"precision",9} {"recall",7}   {"held out: precision",19} {"recall",7} {"background",10}\n");
        }

        foreach (var (name, label) in labels)
        {
            Line(text, name.PadRight(width), label.Positives, "review", label.Review);
            Line(text, name.PadRight(width), label.Positives, "flag", label.Flag);
        }

        return text.ToString();
    }

    private static void Line(StringBuilder text, string name, int positives, string band, ThresholdFigures? own)
    {
        string Points(double? value) => (100 * value)?.ToString("F1", CultureInfo.InvariantCulture) ?? "-";
        var threshold = own?.Threshold.ToString("F3", CultureInfo.InvariantCulture) ?? "none";
        text.Append(
            CultureInfo.InvariantCulture,
            $"{name} {positives,6} {band,-7} {threshold,9} {Points(own?.Precision),9} {Points(own?.Recall),7}   {Points(own?.HeldOutPrecision),19} {Points(own?.HeldOutRecall),7} {Points(own?.HeldOutBackground),10}\n");
    }
}
