using System.Globalization;
using System.Text;

namespace ModelTool.Evaluate.Report;

/// <summary>All that the page says of one head.</summary>
internal sealed class HeadSection(string head, HeadQuality quality, Evaluation evaluation, IReadOnlyList<ScoredSet> sets)
{
    /// <summary>Beyond this many labels their pictures are folded away: a page of a hundred pictures is not read.</summary>
    private const int OpenLabels = 4;

    private readonly HeadSamples[] _models = [.. sets.Select(set => set.Heads.FirstOrDefault(own => own.Head == head)).OfType<HeadSamples>()];

    public void Add(StringBuilder html)
    {
        var pooled = quality.Pooled;
        html.Append($"<section aria-labelledby=\"head-{Figures.Escape(head)}\">\n<h2 id=\"head-{Figures.Escape(head)}\">{Figures.Escape(head)}</h2>\n");
        html.Append($"<p class=\"soft\">{(pooled.Confusion is null ? "Labels that hold independently" : "One label of")} {Figures.Escape(string.Join(", ", pooled.Labels.Keys))}; {Figures.Posts(pooled.Rows)} with a known label.</p>\n");
        html.Append(evaluation.Against is null ? "" : "<p class=\"soft\">Figures and tables of this section are the first model’s; the second’s stand in the table above, in the pictures and in the JSON.</p>\n");
        AddTiles(html);
        if (evaluation.Comparison?.GetValueOrDefault(head) is { } comparison)
        {
            ComparisonSection.Add(html, head, comparison);
        }

        AddPlots(html);
        AddLabels(html);
        AddConfusion(html);
        foreach (var (column, values) in quality.Slices)
        {
            AddSlices(html, column, values);
        }

        if (pooled.Notes.Count > 0)
        {
            html.Append("<ul class=\"soft\">").AppendJoin("", pooled.Notes.Select(note => $"<li>{Figures.Escape(note)}</li>")).Append("</ul>\n");
        }

        html.Append("</section>\n");
    }

    private void AddTiles(StringBuilder html)
    {
        var pooled = quality.Pooled;
        var share = pooled.Labels.Count == 2 && pooled.Confusion is not null ? pooled.Labels.Last() : default;
        html.Append("<dl class=\"tiles\">\n");
        Tile("macro-F1", Figures.Points(pooled.MacroF1), Figures.Range(quality.MacroF1Interval));
        Tile("accuracy", Figures.Points(pooled.Accuracy), share.Value is null ? "every known label right" : $"{Figures.Points((double)share.Value.Positives / Math.Max(1, pooled.Rows))} % are {share.Key}");
        Tile("ROC-AUC", Figures.Area(pooled.RocAuc), "a guess: 0.500");
        Tile("PR-AUC", Figures.Area(pooled.PrAuc), share.Value is null ? "average over labels" : $"a guess: {Figures.Area((double)share.Value.Positives / Math.Max(1, pooled.Rows))}");
        Tile("calibration error", Figures.Points(pooled.CalibrationError), pooled.Confusion is null ? "of every label" : "of the chosen label");
        Tile("Brier score", Figures.Points(pooled.Brier), "of 100, 0 is best");
        html.Append("</dl>\n");

        void Tile(string name, string figure, string more) =>
            html.Append($"<div class=\"tile\"><dt>{name}</dt><dd>{figure}</dd><dd>{Figures.Escape(more)}</dd></div>\n");
    }

    private void AddPlots(StringBuilder html)
    {
        var labels = _models[0].ShownLabels.ToList();
        foreach (var label in labels)
        {
            var name = _models[0].Labels[label];
            var plots = LabelPlots.Draw(name, [.. _models.Select((model, i) => (sets[i].Name, Outcome.Of(model, label)))]);
            html.Append(labels.Count > OpenLabels ? $"<details><summary>Pictures of {Figures.Escape(name)}</summary>\n{plots}</details>\n" : plots);
        }
    }

    private void AddLabels(StringBuilder html)
    {
        html.Append("<div class=\"scroll\" tabindex=\"0\"><table>\n<caption>By label, as the head chooses</caption>\n<thead><tr><th scope=\"col\">label</th><th scope=\"col\">posts with it</th><th scope=\"col\">chosen</th><th scope=\"col\">precision</th><th scope=\"col\">recall</th><th scope=\"col\">F1</th><th scope=\"col\">ROC-AUC</th><th scope=\"col\">PR-AUC</th><th scope=\"col\">calibration error</th></tr></thead>\n<tbody>\n");
        foreach (var (name, label) in quality.Pooled.Labels)
        {
            html.Append($"<tr><th scope=\"row\">{Figures.Escape(name)}</th><td>{Figures.Count(label.Positives)}</td><td>{Figures.Count(label.Chosen)}</td>");
            html.Append($"<td>{Figures.Points(label.Precision)}</td><td>{Figures.Points(label.Recall)}</td><td>{Figures.Points(label.F1)}</td>");
            html.Append($"<td>{Figures.Area(label.RocAuc)}</td><td>{Figures.Area(label.PrAuc)}</td><td>{Figures.Points(label.CalibrationError)}</td></tr>\n");
        }

        html.Append("</tbody></table></div>\n");
    }

    private void AddConfusion(StringBuilder html)
    {
        if (quality.Pooled.Confusion is not { } confusion)
        {
            return;
        }

        var names = quality.Pooled.Labels.Keys.ToList();
        html.Append("<div class=\"scroll\" tabindex=\"0\"><table class=\"matrix\">\n<caption>Confusion: true label (row) by chosen label (column); posts, and their share of the row</caption>\n<thead><tr><th scope=\"col\">true</th>");
        html.AppendJoin("", names.Select(name => $"<th scope=\"col\">chosen {Figures.Escape(name)}</th>")).Append("</tr></thead>\n<tbody>\n");
        for (var truth = 0; truth < names.Count; truth++)
        {
            var all = Math.Max(1, confusion[truth].Sum());
            html.Append($"<tr><th scope=\"row\">{Figures.Escape(names[truth])}</th>");
            foreach (var count in confusion[truth])
            {
                var share = (double)count / all;
                var shade = (0.55 * share).ToString("F2", CultureInfo.InvariantCulture);
                html.Append($"<td style=\"background: rgba(var(--heat), {shade})\">{Figures.Count(count)} <small>{Figures.Points(share)} %</small></td>");
            }

            html.Append("</tr>\n");
        }

        html.Append("</tbody></table></div>\n");
    }

    private void AddSlices(StringBuilder html, string column, IReadOnlyDictionary<string, Quality> values)
    {
        var positive = _models[0].ShownLabels.ToList() is [var only] ? _models[0].Labels[only] : null;
        html.Append($"<div class=\"scroll\" tabindex=\"0\"><table>\n<caption>By {Figures.Escape(column)}</caption>\n<thead><tr><th scope=\"col\">{Figures.Escape(column)}</th>{Columns.Heads}");
        html.Append(positive is null ? "" : $"<th scope=\"col\">{Figures.Escape(positive)}, share</th><th scope=\"col\">precision</th><th scope=\"col\">recall</th>").Append("</tr></thead>\n<tbody>\n");
        foreach (var (value, own) in values)
        {
            var isOut = column == "source" && evaluation.Without.Contains(value);
            var width = (100 * (own.MacroF1 ?? 0)).ToString("F0", CultureInfo.InvariantCulture);
            html.Append(isOut ? "<tr class=\"out\">" : "<tr>").Append($"<th scope=\"row\">{Figures.Escape(value)}{(isOut ? " (left out)" : "")}</th>");
            html.Append(Columns.Cells(own, $"<span class=\"bar\" aria-hidden=\"true\"><i style=\"width: {width}%\"></i></span>"));
            if (positive is not null)
            {
                var label = own.Labels[positive];
                html.Append($"<td>{Figures.Points((double)label.Positives / own.Rows)}</td><td>{Figures.Points(label.Precision)}</td><td>{Figures.Points(label.Recall)}</td>");
            }

            html.Append("</tr>\n");
        }

        html.Append("</tbody></table></div>\n");
    }
}
