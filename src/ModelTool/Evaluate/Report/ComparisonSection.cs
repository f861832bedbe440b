using System.Text;

namespace ModelTool.Evaluate.Report;

/// <summary>What changes from the first model to the second under one head.</summary>
internal static class ComparisonSection
{
    /// <summary>Rows of the list; the JSON has all.</summary>
    private const int MaxFlips = 200;

    public static void Add(StringBuilder html, string head, HeadComparison comparison)
    {
        var difference = comparison.MacroF1Difference;
        var tone = comparison.MacroF1Interval is { Low: > 0 } ? "better" : comparison.MacroF1Interval is { High: < 0 } ? "worse" : "soft";
        html.Append($"<h3>{Figures.Escape(head)}: second model less the first</h3>\n<p>Macro-F1 <strong class=\"{tone}\">{Figures.Signed(difference)}</strong> points (95 % interval {Figures.SignedRange(comparison.MacroF1Interval)}) on {Figures.Posts(comparison.Rows)} that both scored. ");
        html.Append($"{Figures.Posts(comparison.OnlySecond)} only the second has right, {Figures.Count(comparison.OnlyFirst)} only the first; McNemar’s exact test: p = {Figures.Chance(comparison.McNemar)}.</p>\n");
        if (comparison.Flips.Count == 0)
        {
            html.Append("<p>No post is decided differently.</p>\n");
            return;
        }

        html.Append($"<details><summary>{Figures.Count(comparison.Flips.Count)} decided differently, by id</summary>\n<div class=\"scroll\" tabindex=\"0\"><table>\n<caption>Surest first{(comparison.Flips.Count > MaxFlips ? $"; the first {MaxFlips}, the JSON has all" : "")}</caption>\n");
        var byLabel = comparison.Flips.Any(flip => flip.Label is not null);
        html.Append("<thead><tr><th scope=\"col\">id</th><th scope=\"col\" class=\"text\">source</th>").Append(byLabel ? "<th scope=\"col\" class=\"text\">label</th>" : "");
        html.Append("<th scope=\"col\" class=\"text\">true</th><th scope=\"col\" class=\"text\">first</th><th scope=\"col\" class=\"text\">second</th><th scope=\"col\">probability, second</th><th scope=\"col\" class=\"text\">now</th></tr></thead>\n<tbody>\n");
        foreach (var flip in comparison.Flips.OrderByDescending(flip => Math.Abs(flip.Probability - 0.5f)).Take(MaxFlips))
        {
            var verdict = flip.To == flip.Truth ? "<span class=\"better\">right</span>" : flip.From == flip.Truth ? "<span class=\"worse\">wrong</span>" : "still wrong";
            html.Append($"<tr><td class=\"id\">{Figures.Escape(flip.Id)}</td><td class=\"text\">{Figures.Escape(flip.Source)}</td>");
            html.Append(byLabel ? $"<td class=\"text\">{Figures.Escape(flip.Label!)}</td>" : "").Append($"<td class=\"text\">{Figures.Escape(flip.Truth)}</td>");
            html.Append($"<td class=\"text\">{Figures.Escape(flip.From)}</td><td class=\"text\">{Figures.Escape(flip.To)}</td><td>{Figures.Area(flip.Probability)}</td><td class=\"text\">{verdict}</td></tr>\n");
        }

        html.Append("</tbody></table></div></details>\n");
    }
}
