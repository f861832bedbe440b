namespace ModelTool.Evaluate;

/// <summary>Which columns of a labelled file are read as what.</summary>
internal sealed record LabelledColumns
{
    public string Text { get; init; } = "text";

    /// <summary>The column with the second texts, for heads that read pairs.</summary>
    public string? Pair { get; init; }

    /// <summary>Only rows that have these values count, by column.</summary>
    public IReadOnlyDictionary<string, string> Where { get; init; } = new Dictionary<string, string>();

    /// <summary>Columns by whose values figures are broken down; null: <c>source</c>, if there is one.</summary>
    public IReadOnlyList<string>? Slices { get; init; }

    /// <summary>The column with a head's labels, where it is not named as the head.</summary>
    public IReadOnlyDictionary<string, string> Heads { get; init; } = new Dictionary<string, string>();
}
