namespace ModelTool.Texts;

/// <summary>What a labelled file is, by the end of its name.</summary>
internal static class TextFiles
{
    /// <summary>Sentences with a tag a word (<see cref="ConllFile"/>).</summary>
    public static bool IsConll(string file) => file.EndsWith(".conll", StringComparison.OrdinalIgnoreCase);

    /// <summary>Questions with their answers in a text (<see cref="SquadFile"/>).</summary>
    public static bool IsSquad(string file) => file.EndsWith(".json", StringComparison.OrdinalIgnoreCase);
}
