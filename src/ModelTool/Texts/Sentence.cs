namespace ModelTool.Texts;

/// <summary>A sentence of a CoNLL file, a tag a word.</summary>
/// <param name="Line">Of its first word in the file, from 1; each word has a line of its own.</param>
/// <param name="Tags">As many as words.</param>
/// <param name="Columns">What the comments before it say, by name, and <see cref="HasEntity"/>.</param>
internal sealed record Sentence(int Line, IReadOnlyList<string> Words, IReadOnlyList<string> Tags, IReadOnlyDictionary<string, string> Columns)
{
    /// <summary>A column that is made from the tags: 1 where there is an entity, else 0.</summary>
    public const string HasEntity = "has_entity";

    /// <summary>What <c>sent_id</c> says, as in CoNLL-U; without it the line.</summary>
    public string Id => Columns.TryGetValue("sent_id", out var id) ? id : $"line {Line}";

    public string Source => Column("source") ?? "";

    /// <summary>The words with a space between.</summary>
    public string Text => string.Join(' ', Words);

    /// <summary>Null where the file does not say.</summary>
    public string? Column(string name) => Columns.GetValueOrDefault(name);
}
