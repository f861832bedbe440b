namespace ModelTool.Texts;

/// <summary>
/// Reads CoNLL files: a line a word, the word, a tab and its BIO tag (O, B-type, I-type); an empty line between sentences. Before a sentence there may be
/// comments as in CoNLL-U, <c># name = value</c>: these are its columns, for labels of the whole sentence, <c>source</c>, <c>sent_id</c> and the like.
/// Faults are named with file and line, and never with a word.
/// </summary>
internal static class ConllFile
{
    /// <exception cref="ToolException">A line is not as above, or a tag goes on with what did not begin.</exception>
    public static IEnumerable<Sentence> Read(string file)
    {
        var columns = new Dictionary<string, string>();
        var words = new List<string>();
        var tags = new List<string>();
        var number = 0;
        foreach (var line in File.ReadLines(file).Append(""))
        {
            number++;
            if (line.Length == 0)
            {
                if (words.Count > 0)
                {
                    columns.TryAdd(Sentence.HasEntity, tags.TrueForAll(tag => tag == BioLabels.Outside) ? "0" : "1");
                    yield return new Sentence(number - words.Count, words, tags, columns);
                    (columns, words, tags) = ([], [], []);
                }
            }
            else if (words.Count == 0 && line.StartsWith("# ", StringComparison.Ordinal))
            {
                if (line[2..].Split('=', 2, StringSplitOptions.TrimEntries) is [{ Length: > 0 } name, var value])
                {
                    columns[name] = value;
                }
            }
            else
            {
                var (word, tag) = Split(line) ?? throw Fault(file, number, "must be a word, a tab and its tag, or empty");
                words.Add(word);
                tags.Add(Check(tag, tags.LastOrDefault(BioLabels.Outside)) is { } wrong ? throw Fault(file, number, wrong) : tag);
            }
        }
    }

    public static ToolException Fault(string file, int line, string what) => new($"{file}, line {line}: {what}.");

    private static (string Word, string Tag)? Split(string line) =>
        line.Split('\t') is [var word, { Length: > 0 } tag] && !string.IsNullOrWhiteSpace(word) ? (word, tag) : null;

    private static string? Check(string tag, string before)
    {
        if (!BioLabels.IsTag(tag))
        {
            return "its tag must be O, B-type or I-type";
        }

        return tag[0] == 'I' && (before == BioLabels.Outside || before[1..] != tag[1..]) ? $"{tag} goes on with an entity that did not begin: the first word of one is B{tag[1..]}" : null;
    }
}
