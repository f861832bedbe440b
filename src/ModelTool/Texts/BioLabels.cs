namespace ModelTool.Texts;

/// <summary>An entity: words <paramref name="First"/> to <paramref name="Last"/> of a sentence, both included, from 0.</summary>
internal readonly record struct Entity(string Type, int First, int Last);

/// <summary>The labels of a head that finds entities: O, and B-type and I-type for each type.</summary>
internal sealed class BioLabels
{
    public const string Outside = "O";

    private readonly IReadOnlyList<string> _labels;
    private readonly Dictionary<string, short> _index;

    public BioLabels(IReadOnlyList<string> labels)
    {
        _labels = labels;
        _index = labels.Index().ToDictionary(label => label.Item, label => (short)label.Index);
    }

    /// <summary>In the order of the labels.</summary>
    public IEnumerable<string> Types => _labels.Where(label => label != Outside).Select(label => label[2..]).Distinct();

    public static bool IsTag(string tag) => tag == Outside || (tag.Length > 2 && tag[0] is 'B' or 'I' && tag[1] == '-');

    /// <summary>What is wrong with a head's labels; null when nothing is.</summary>
    public static string? Fault(IReadOnlyList<string> labels)
    {
        if (!labels.Contains(Outside) || !labels.All(IsTag))
        {
            return "needs the labels O, B-type and I-type for each type of entity";
        }

        var alone = labels.FirstOrDefault(label => label[0] == 'I' && !labels.Contains("B" + label[1..]));
        return alone is null ? null : $"has the label {alone} and not B{alone[1..]}";
    }

    /// <summary>Indices of a sentence's tags.</summary>
    /// <exception cref="ToolException">The head does not have the tag.</exception>
    public short[] IndicesOf(Sentence sentence, string file) => [.. sentence.Tags.Select((tag, word) => _index.TryGetValue(tag, out var index)
        ? index
        : throw ConllFile.Fault(file, sentence.Line + word, $"the head does not have the tag {tag}; it has {string.Join(", ", _labels)}"))];

    /// <summary>The likeliest label of each word.</summary>
    /// <param name="logits">[tokens, labels].</param>
    /// <param name="pieces">By word, the token that speaks for it; -1 where the model does not see the word, which is O then.</param>
    public string[] Choose(ReadOnlySpan<float> logits, IReadOnlyList<int> pieces)
    {
        var tags = new string[pieces.Count];
        for (var word = 0; word < tags.Length; word++)
        {
            tags[word] = pieces[word] < 0 ? Outside : _labels[Largest(logits.Slice(pieces[word] * _labels.Count, _labels.Count))];
        }

        return tags;
    }

    /// <summary>
    /// Entities as conlleval and seqeval's default mode read them: each B begins one, and so does an I that does not go on with its type.
    /// </summary>
    public static IReadOnlyList<Entity> Entities(IReadOnlyList<string> tags)
    {
        var entities = new List<Entity>();
        for (var i = 0; i < tags.Count; i++)
        {
            if (tags[i] == Outside)
            {
                continue;
            }

            var type = tags[i][2..];
            if (tags[i][0] == 'I' && entities.Count > 0 && entities[^1] is var last && last.Last == i - 1 && last.Type == type)
            {
                entities[^1] = last with { Last = i };
            }
            else
            {
                entities.Add(new Entity(type, i, i));
            }
        }

        return entities;
    }

    private static int Largest(ReadOnlySpan<float> values)
    {
        var best = 0;
        for (var i = 1; i < values.Length; i++)
        {
            best = values[i] > values[best] ? i : best;
        }

        return best;
    }
}
