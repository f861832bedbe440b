using ModelTool.Evaluate;

namespace ModelTool.Train;

/// <summary>What another model says of the rows.</summary>
internal sealed class Teacher
{
    // By id and head: the mean of all teachers who know the row and have the head.
    private readonly Dictionary<string, Mean?[]> _byId = new(StringComparer.Ordinal);
    private readonly TeacherConfig _config;

    /// <param name="heads">Heads to be taught; those that the teacher does not have learn from labels alone.</param>
    /// <exception cref="ToolException">A line is no scored post, or a head has other labels.</exception>
    public Teacher(TeacherConfig config, IReadOnlyDictionary<string, HeadConfig> heads)
    {
        _config = config;
        foreach (var file in config.Scores)
        {
            using var lines = new StreamReader(file);
            foreach (var line in ScoredLines.Read(lines, file))
            {
                if (line is { Id: { } id, Heads: { } scored })
                {
                    var before = _byId.GetValueOrDefault(id) ?? new Mean?[heads.Count];
                    _byId[id] = [.. heads.Zip(before, (head, mean) => Probabilities(file, head.Key, head.Value, scored) is { } said ? Mean.With(mean, said) : mean)];
                }
            }
        }
    }

    /// <summary>What is learned of a row, by head; null where its label is.</summary>
    /// <param name="labels">By head; a missing one may be assumed already, which <paramref name="assumed"/> has.</param>
    public SoftLabel?[] Teach(string id, short[][] labels, SoftLabel?[] assumed, IReadOnlyList<HeadConfig> heads)
    {
        if (!_byId.TryGetValue(id, out var said))
        {
            return assumed;
        }

        return [.. assumed.Select((soft, i) => soft ?? (said[i] is { } teacher ? Teach(teacher.Probabilities, labels[i], heads[i].Kind == "sigmoid") : null))];
    }

    private SoftLabel? Teach(float[] teacher, short[] truth, bool isSigmoid)
    {
        if (!Array.Exists(truth, label => label >= 0))
        {
            return new SoftLabel(teacher, _config.Weight);
        }

        return _config.Share > 0 ? SoftLabel.Mixed(truth, isSigmoid, teacher, _config.Share) : null;
    }

    private static float[]? Probabilities(string file, string name, HeadConfig head, IReadOnlyList<ScoredHead> scored)
    {
        if (scored.FirstOrDefault(one => one.Name == name) is not { } found)
        {
            return null;
        }

        return found.Labels.SequenceEqual(head.Labels)
            ? found.Probabilities
            : throw new ToolException($"{file}: the head '{name}' of the teacher has the labels {string.Join(", ", found.Labels)}, here it has {string.Join(", ", head.Labels)}.");
    }

    private sealed record Mean(float[] Probabilities, int Teachers)
    {
        public static Mean With(Mean? before, float[] said) => before is null
            ? new Mean(said, 1)
            : new Mean([.. before.Probabilities.Zip(said, (mean, one) => mean + ((one - mean) / (before.Teachers + 1)))], before.Teachers + 1);
    }
}
