namespace ModelTool.Evaluate;

/// <summary>Quality of a head, pooled and by source.</summary>
internal sealed record HeadQuality(Quality Pooled, IReadOnlyDictionary<string, Quality> Sources);

/// <summary>Scored lines held against labelled rows.</summary>
/// <param name="Rows">Lines joined.</param>
/// <param name="Rejected">Lines of those that were not scored and so are in no figure.</param>
/// <param name="Without">Sources left out of the pooled figures.</param>
internal sealed record Evaluation(int Rows, int Rejected, IReadOnlyList<string> Without, IReadOnlyDictionary<string, HeadQuality> Heads)
{
    /// <summary>Joins line by line; ids must agree.</summary>
    public static Evaluation Of(IEnumerable<ScoredLine> scored, string scoredName, LabelledRows labelled, IReadOnlyList<string> without)
    {
        var heads = new Dictionary<string, HeadSamples>();
        var (rows, rejected) = (0, 0);
        foreach (var line in scored)
        {
            rows++;
            if (!labelled.Next())
            {
                throw new ToolException($"{scoredName} has more lines than the labelled file has rows ({rows - 1}): score that very file.");
            }

            if (line.Id != labelled.Id)
            {
                throw new ToolException($"Line {rows} of {scoredName} has id '{line.Id}' and the labelled row has '{labelled.Id}': score that very file.");
            }

            rejected += line.Heads is null ? 1 : 0;
            Add(line, labelled, heads);
        }

        if (labelled.Next())
        {
            throw new ToolException($"{scoredName} has {rows} lines and the labelled file has more rows: score that very file.");
        }

        var known = heads.Values.Where(head => head.Samples.Count > 0).ToDictionary(head => head.Head, head => Measure(head, without));
        return known.Count > 0
            ? new Evaluation(rows, rejected, without, known)
            : throw new ToolException("The labelled file has no labels for any softmax head of the scored lines: a column must have the head's name.");
    }

    private static void Add(ScoredLine line, LabelledRows labelled, Dictionary<string, HeadSamples> heads)
    {
        foreach (var (name, labels) in line.Heads ?? [])
        {
            if (!heads.TryGetValue(name, out var head))
            {
                heads.Add(name, head = new HeadSamples(name, [.. labels.Select(label => label.Label)]));
            }

            if (labelled.HasColumn(name) && labelled.Truth(name, head.Labels) is { } truth)
            {
                head.Samples.Add(new Sample(labelled.Source, truth, [.. labels.Select(label => label.Probability)]));
            }
        }
    }

    private static HeadQuality Measure(HeadSamples head, IReadOnlyList<string> without) => new(
        Quality.Of([.. head.Samples.Where(sample => !without.Contains(sample.Source))], head.Labels.Count),
        head.Samples
            .GroupBy(sample => sample.Source)
            .OrderBy(source => source.Key, StringComparer.Ordinal)
            .ToDictionary(source => source.Key, source => Quality.Of([.. source], head.Labels.Count)));
}
