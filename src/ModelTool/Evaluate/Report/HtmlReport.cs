using System.Text;

namespace ModelTool.Evaluate.Report;

/// <summary>An evaluation as one HTML page that needs nothing else: no network, no script. Holds ids and labels, never a text.</summary>
internal static class HtmlReport
{
    /// <param name="sets">Pooled posts of the model, and of the one it is compared with.</param>
    public static string Write(Evaluation evaluation, IReadOnlyList<ScoredSet> sets)
    {
        var html = new StringBuilder();
        html.Append(
            $"""
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>Evaluation of {Figures.Escape(evaluation.Name)}</title>
            <style>
            {Style()}</style>
            </head>
            <body>
            <main>

            """);
        AddAbout(html, evaluation);
        if (evaluation.Heads.Count > 0)
        {
            AddSummary(html, evaluation);
        }

        foreach (var (head, quality) in evaluation.Heads)
        {
            new HeadSection(head, quality, evaluation, sets).Add(html);
        }

        TextSections.Add(html, evaluation);

        html.Append(
            $"""
            <footer>
            <p>Accuracy: posts of which every known label was chosen right. Macro-F1: F1 of each label that occurs, averaged without weights; intervals are 95 % bootstrap intervals of {Bootstrap.Resamples} draws that take posts as independent. ROC-AUC and PR-AUC (average precision): of two labels that exclude each other the second's, else the average. Calibration error: expected, over {Reliability.Bins} equal bins, of the chosen label's probability (of heads with independent labels: of every label's). Brier score: mean squared difference of probability and truth, over posts and labels. Entities: right when first word, last word and type are; F1 over all types together (micro), an I tag that does not go on with its type begins an entity. Answers: compared without case, punctuation and articles, against the marked answer that fits best; F1 of the words, averaged over questions. All but the areas in points of 100. A dash: not defined, for the reason given below the table.</p>
            </footer>
            </main>
            </body>
            </html>

            """);
        return html.ToString();
    }

    private static void AddAbout(StringBuilder html, Evaluation evaluation)
    {
        var against = evaluation.Against;
        html.Append($"<h1>{Figures.Escape(evaluation.Name)}</h1>\n");
        html.Append(against is null ? "<p class=\"soft\">Model evaluation</p>\n" : $"<p class=\"soft\">Model evaluation, compared with {Figures.Escape(against.Name)}</p>\n");
        html.Append("<dl class=\"about\">\n");
        if (against is not null)
        {
            html.Append($"<dt>First</dt><dd><span class=\"key\"></span>{Figures.Escape(evaluation.Name)}</dd>\n");
            html.Append($"<dt>Second</dt><dd><span class=\"key second\"></span>{Figures.Escape(against.Name)}</dd>\n");
        }

        html.Append($"<dt>Labelled posts</dt><dd>{Figures.Escape(evaluation.Data)}, {Figures.Count(evaluation.Rows)} rows, SHA-256 {evaluation.Sha256[..16]}…</dd>\n");
        if (evaluation.Rejected > 0)
        {
            html.Append($"<dt>Rejected</dt><dd>{Figures.Posts(evaluation.Rejected)} that could not be scored, in no figure</dd>\n");
        }

        if (evaluation.Without.Count > 0)
        {
            html.Append($"<dt>Left out</dt><dd>sources {Figures.Escape(string.Join(", ", evaluation.Without))}: in their own rows only</dd>\n");
        }

        html.Append("</dl>\n<nav aria-label=\"Heads\"><ul>");
        foreach (var head in evaluation.Heads.Keys.Concat(TextSections.Heads(evaluation)))
        {
            html.Append($"<li><a href=\"#head-{Figures.Escape(head)}\">{Figures.Escape(head)}</a></li>");
        }

        html.Append("</ul></nav>\n");
    }

    private static void AddSummary(StringBuilder html, Evaluation evaluation)
    {
        html.Append("<div class=\"scroll\" tabindex=\"0\"><table>\n<caption>All heads, pooled</caption>\n<thead><tr><th scope=\"col\">head</th>");
        html.Append(evaluation.Against is null ? "" : "<th scope=\"col\" class=\"text\">model</th>");
        html.Append(Columns.Heads).Append("<th scope=\"col\">95 % interval of macro-F1</th></tr></thead>\n<tbody>\n");
        foreach (var (head, quality) in evaluation.Heads)
        {
            var second = evaluation.Against?.Heads.GetValueOrDefault(head);
            AddRow(html, head, evaluation.Against is null ? null : "first", quality, false);
            if (second is not null)
            {
                AddRow(html, head, "second", second, true);
            }
        }

        html.Append("</tbody></table></div>\n");
    }

    private static void AddRow(StringBuilder html, string head, string? model, HeadQuality quality, bool second)
    {
        html.Append(second ? "<tr class=\"second\">" : "<tr>").Append($"<th scope=\"row\">{Figures.Escape(head)}</th>");
        html.Append(model is null ? "" : $"<td class=\"text\">{model}</td>").Append(Columns.Cells(quality.Pooled));
        html.Append($"<td>{Figures.Range(quality.MacroF1Interval)}</td></tr>\n");
    }

    private static string Style()
    {
        using var stream = typeof(HtmlReport).Assembly.GetManifestResourceStream("report.css")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}

/// <summary>The figures that every table of heads or slices shows.</summary>
internal static class Columns
{
    public const string Heads =
        "<th scope=\"col\">posts</th><th scope=\"col\">accuracy</th><th scope=\"col\">macro-F1</th><th scope=\"col\">ROC-AUC</th><th scope=\"col\">PR-AUC</th><th scope=\"col\">calibration error</th><th scope=\"col\">Brier score</th>";

    public static string Cells(Quality quality, string afterF1 = "") =>
        $"<td>{Figures.Count(quality.Rows)}</td><td>{Figures.Points(quality.Accuracy)}</td><td>{Figures.Points(quality.MacroF1)}{afterF1}</td><td>{Figures.Area(quality.RocAuc)}</td><td>{Figures.Area(quality.PrAuc)}</td><td>{Figures.Points(quality.CalibrationError)}</td><td>{Figures.Points(quality.Brier)}</td>";
}
