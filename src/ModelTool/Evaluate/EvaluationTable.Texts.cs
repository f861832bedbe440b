using System.Globalization;
using System.Text;
using ModelTool.Texts;

namespace ModelTool.Evaluate;

/// <content>Entities and answers.</content>
internal static partial class EvaluationTable
{
    private static void AddEntities(StringBuilder text, Evaluation evaluation)
    {
        foreach (var (head, quality) in evaluation.Entities ?? new Dictionary<string, EntityHead>())
        {
            text.Append(CultureInfo.InvariantCulture, $"{"head",-12} {"entities",-16} {"marked",6} {"found",6} {"precision",9} {"recall",9} {"F1",8}\n");
            AddEntities(text, head, "(all)", quality.Pooled.All);
            foreach (var (type, counts) in quality.Pooled.Types)
            {
                AddEntities(text, head, type, counts);
            }

            foreach (var (column, values) in quality.Slices)
            {
                foreach (var (value, own) in values)
                {
                    AddEntities(text, head, column == "source" && evaluation.Without.Contains(value) ? value + " *" : value, own.All);
                }
            }

            text.Append(evaluation.Without.Count > 0 ? "* not in (all)\n" : "");

            var pooled = quality.Pooled;
            text.Append(CultureInfo.InvariantCulture, $"- {head}: macro-F1 {Number(100 * pooled.MacroF1, "F1")}; {pooled.Right} of {pooled.Sentences} sentences all right; F1's 95 % interval {Range(quality.F1Interval)}\n");
            text.Append(pooled.UnseenWords == 0 ? "" : $"- {head}: {pooled.UnseenWords} words have no piece, or are beyond max_tokens: entities there count as missed\n").Append('\n');
        }
    }

    private static void AddEntities(StringBuilder text, string head, string name, EntityCounts counts)
    {
        var (precision, recall, f1) = (Number(100 * counts.Precision, "F1"), Number(100 * counts.Recall, "F1"), Number(100 * counts.F1, "F1"));
        text.Append(CultureInfo.InvariantCulture, $"{head,-12} {name,-16} {counts.Positives,6} {counts.Chosen,6} {precision,9} {recall,9} {f1,8}\n");
    }

    private static void AddAnswers(StringBuilder text, Evaluation evaluation)
    {
        foreach (var (head, quality) in evaluation.Answers ?? new Dictionary<string, AnswerHead>())
        {
            var pooled = quality.Pooled;
            text.Append(CultureInfo.InvariantCulture, $"{"head",-12} {"questions",9} {"exact",8} {"F1",8}  95 % interval\n");
            text.Append(CultureInfo.InvariantCulture, $"{head,-12} {pooled.Questions,9} {Number(100 * pooled.Exact, "F1"),8} {Number(100 * pooled.F1, "F1"),8}  {Range(quality.F1Interval)}\n\n");
        }
    }

    private static void AddTextComparison(StringBuilder text, Evaluation evaluation)
    {
        foreach (var (head, own) in evaluation.TextComparison ?? new Dictionary<string, TextComparison>())
        {
            var (low, high) = (Number(100 * own.F1Interval?.Low, "+0.0;-0.0;0.0"), Number(100 * own.F1Interval?.High, "+0.0;-0.0;0.0"));
            text.Append(
                CultureInfo.InvariantCulture,
                $"{head}: F1 {Number(100 * own.F1Difference, "+0.0;-0.0;0.0")} (95 % interval {low} to {high}), {own.OnlySecond} right only now, {own.OnlyFirst} right only before, McNemar p {own.McNemar:0.000}\n");
        }
    }

    private static string Range(Interval? interval) => $"{Number(100 * interval?.Low, "F1")} to {Number(100 * interval?.High, "F1")}";
}
