using System.Text;
using ModelTool.Texts;

namespace ModelTool.Evaluate.Report;

/// <summary>What the page says of heads that find entities or answers.</summary>
internal static class TextSections
{
    /// <summary>Rows of the list of flips; the JSON has all.</summary>
    private const int MaxFlips = 200;

    /// <summary>Their names.</summary>
    public static IEnumerable<string> Heads(Evaluation evaluation) => [.. evaluation.Entities?.Keys ?? [], .. evaluation.Answers?.Keys ?? []];

    public static void Add(StringBuilder html, Evaluation evaluation)
    {
        foreach (var (head, quality) in evaluation.Entities ?? new Dictionary<string, EntityHead>())
        {
            Begin(html, head, $"Entities of {Figures.Count(quality.Pooled.Sentences)} sentences, exact in words and type.");
            AddEntities(html, quality, evaluation.Against?.Entities?.GetValueOrDefault(head));
            End(html, head, evaluation);
        }

        foreach (var (head, quality) in evaluation.Answers ?? new Dictionary<string, AnswerHead>())
        {
            Begin(html, head, $"Answers to {Figures.Count(quality.Pooled.Questions)} questions.");
            AddAnswers(html, quality, evaluation.Against?.Answers?.GetValueOrDefault(head));
            End(html, head, evaluation);
        }
    }

    private static void AddEntities(StringBuilder html, EntityHead quality, EntityHead? second)
    {
        Table(html, "By type, and over all types", "model", "type", "marked", "found", "precision", "recall", "F1");
        Rows(html, "first", quality);
        if (second is not null)
        {
            Rows(html, "second", second);
        }

        html.Append("</tbody></table></div>\n");
        var pooled = quality.Pooled;
        html.Append($"<p class=\"soft\">95 % interval of F1 over all types: {Figures.Range(quality.F1Interval)}. Macro-F1 over types: {Figures.Points(pooled.MacroF1)}. {Figures.Count(pooled.Right)} sentences are all right. ");
        html.Append($"{Figures.Count(pooled.UnseenWords)} words have no piece or are beyond the model’s limit, and entities there count as missed.</p>\n");
        foreach (var (column, values) in quality.Slices)
        {
            Table(html, $"By {column}", column, "sentences", "marked", "found", "precision", "recall", "F1");
            foreach (var (value, own) in values)
            {
                html.Append($"<tr><th scope=\"row\">{Figures.Escape(value)}</th><td>{Figures.Count(own.Sentences)}</td>{Cells(own.All)}</tr>\n");
            }

            html.Append("</tbody></table></div>\n");
        }
    }

    private static void Rows(StringBuilder html, string model, EntityHead quality)
    {
        foreach (var (type, counts) in quality.Pooled.Types.Prepend(new KeyValuePair<string, EntityCounts>("(all)", quality.Pooled.All)))
        {
            html.Append(model == "second" ? "<tr class=\"second\">" : "<tr>").Append($"<th scope=\"row\">{model}</th><td class=\"text\">{Figures.Escape(type)}</td>{Cells(counts)}</tr>\n");
        }
    }

    private static string Cells(EntityCounts counts) =>
        $"<td>{Figures.Count(counts.Positives)}</td><td>{Figures.Count(counts.Chosen)}</td><td>{Figures.Points(counts.Precision)}</td><td>{Figures.Points(counts.Recall)}</td><td>{Figures.Points(counts.F1)}</td>";

    private static void AddAnswers(StringBuilder html, AnswerHead quality, AnswerHead? second)
    {
        Table(html, "All questions", "model", "questions", "exact", "F1", "95 % interval of F1");
        foreach (var (model, own) in ((string, AnswerHead?)[])[("first", quality), ("second", second)])
        {
            html.Append(own is null ? "" : $"<tr{(model == "second" ? " class=\"second\"" : "")}><th scope=\"row\">{model}</th><td>{Figures.Count(own.Pooled.Questions)}</td><td>{Figures.Points(own.Pooled.Exact)}</td><td>{Figures.Points(own.Pooled.F1)}</td><td>{Figures.Range(own.F1Interval)}</td></tr>\n");
        }

        html.Append("</tbody></table></div>\n");
    }

    private static void Begin(StringBuilder html, string head, string about) =>
        html.Append($"<section aria-labelledby=\"head-{Figures.Escape(head)}\">\n<h2 id=\"head-{Figures.Escape(head)}\">{Figures.Escape(head)}</h2>\n<p class=\"soft\">{about}</p>\n");

    private static void End(StringBuilder html, string head, Evaluation evaluation)
    {
        if (evaluation.TextComparison?.GetValueOrDefault(head) is { } comparison)
        {
            AddComparison(html, head, comparison);
        }

        html.Append("</section>\n");
    }

    private static void AddComparison(StringBuilder html, string head, TextComparison comparison)
    {
        html.Append($"<h3>{Figures.Escape(head)}: second model less the first</h3>\n<p>F1 {Figures.Signed(comparison.F1Difference)} points (95 % interval {Figures.SignedRange(comparison.F1Interval)}). ");
        html.Append($"{Figures.Count(comparison.OnlySecond)} only the second has all right, {Figures.Count(comparison.OnlyFirst)} only the first; McNemar’s exact test: p = {Figures.Chance(comparison.McNemar)}.</p>\n");
        if (comparison.Flips.Count > 0)
        {
            Table(html, comparison.Flips.Count > MaxFlips ? $"The first {MaxFlips} that only one has right; the JSON has all" : "Those that only one has right", "id", "now");
            foreach (var flip in comparison.Flips.Take(MaxFlips))
            {
                html.Append($"<tr><td class=\"id\">{Figures.Escape(flip.Id)}</td><td class=\"text\"><span class=\"{(flip.Now == "right" ? "better" : "worse")}\">{flip.Now}</span></td></tr>\n");
            }

            html.Append("</tbody></table></div>\n");
        }
    }

    private static void Table(StringBuilder html, string caption, params string[] columns)
    {
        html.Append($"<div class=\"scroll\" tabindex=\"0\"><table>\n<caption>{Figures.Escape(caption)}</caption>\n<thead><tr>");
        html.AppendJoin("", columns.Select(column => $"<th scope=\"col\">{Figures.Escape(column)}</th>")).Append("</tr></thead>\n<tbody>\n");
    }
}
