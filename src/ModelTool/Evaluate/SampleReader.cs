namespace ModelTool.Evaluate;

/// <summary>Scores of a labelled file, from wherever.</summary>
/// <param name="Name">How to call it in messages and on the report.</param>
internal sealed record ScoredInput(string Name, IEnumerable<ScoredLine> Lines);

/// <summary>An input joined with its labels.</summary>
/// <param name="Rejected">Rows that were not scored and so are in no figure.</param>
/// <param name="Heads">Those with at least one label.</param>
internal sealed record ScoredSet(string Name, int Rows, int Rejected, IReadOnlyList<HeadSamples> Heads)
{
    /// <summary>Heads that find entities; at most one.</summary>
    public IReadOnlyList<EntitySamples> Entities { get; init; } = [];

    /// <summary>Heads that find answers; at most one.</summary>
    public IReadOnlyList<AnswerSamples> Answers { get; init; } = [];
}

/// <summary>Joins scores with labels, row by row; ids must agree.</summary>
internal static class SampleReader
{
    public static IReadOnlyList<ScoredSet> Read(LabelledRows labelled, IReadOnlyList<ScoredInput> inputs)
    {
        var joins = inputs.Select(input => new Join(input)).ToList();
        try
        {
            var rows = 0;
            while (labelled.Next())
            {
                rows++;
                var slices = labelled.SliceValues();
                foreach (var join in joins)
                {
                    join.Add(labelled, rows, slices);
                }
            }

            return rows == 0
                ? throw new ToolException($"{labelled.File} has no rows below its header{labelled.Filter}.")
                : [.. joins.Select(join => join.Finish(labelled, rows))];
        }
        finally
        {
            joins.ForEach(join => join.Dispose());
        }
    }

    private sealed class Join(ScoredInput input) : IDisposable
    {
        private readonly IEnumerator<ScoredLine> _lines = input.Lines.GetEnumerator();
        private readonly Dictionary<string, (ScoredHead First, bool Known, List<Sample> Samples)> _heads = [];
        private int _rejected;

        public void Add(LabelledRows labelled, int row, string[] slices)
        {
            if (!_lines.MoveNext())
            {
                throw new ToolException($"{input.Name} has {row - 1} lines and the labelled file has more rows: score that very file.");
            }

            var line = _lines.Current;
            if (line.Id != labelled.Id)
            {
                throw new ToolException($"Line {row} of {input.Name} has id '{line.Id}' and the labelled row has '{labelled.Id}': score that very file.");
            }

            _rejected += line.Heads is null ? 1 : 0;
            foreach (var head in line.Heads ?? [])
            {
                Add(head, labelled, row, slices);
            }
        }

        public ScoredSet Finish(LabelledRows labelled, int rows)
        {
            if (_lines.MoveNext())
            {
                throw new ToolException($"{input.Name} has more lines than the labelled file has rows ({rows}): score that very file.");
            }

            var heads = _heads.Values
                .Where(head => head.Samples.Count > 0)
                .Select(head => new HeadSamples(head.First.Name, head.First.Kind, head.First.Labels, head.Samples))
                .ToList();
            return heads.Count > 0
                ? new ScoredSet(input.Name, rows, _rejected, heads)
                : throw new ToolException(
                    $"{labelled.File} has no labels for any head of {input.Name} ({string.Join(", ", _heads.Keys)}): a column must have the head's name, or --column HEAD=COLUMN say which.");
        }

        public void Dispose() => _lines.Dispose();

        private void Add(ScoredHead head, LabelledRows labelled, int row, string[] slices)
        {
            if (!_heads.TryGetValue(head.Name, out var known))
            {
                known = (head, labelled.Knows(head.Name, head.Kind, head.Labels), []);
                _heads.Add(head.Name, known);
            }

            if (head.Kind != known.First.Kind || !head.Labels.AsSpan().SequenceEqual(known.First.Labels))
            {
                throw new ToolException($"Line {row} of {input.Name}: head '{head.Name}' has other labels than in the lines before.");
            }

            if (known.Known && labelled.Truth(head.Name, head.Kind, head.Labels) is { } truth)
            {
                known.Samples.Add(new Sample(row, labelled.Id, labelled.Source, slices, truth, head.Probabilities));
            }
        }
    }
}
