using ModelTool.Texts;

namespace ModelTool.Train;

/// <summary>A labelled row, encoded.</summary>
/// <param name="Segments">Null where there is one text.</param>
/// <param name="Labels">
/// By head, in their order. Softmax: the label's index, or -1 where it is missing. Sigmoid: 1, 0 or -1 a label.
/// Token: the label's index a token, -1 where it is ignored. Span: the first and the last token. Of these two nothing at all where the file labels none.
/// </param>
/// <param name="Weight">What the row counts in the losses.</param>
internal sealed record Example(int[] Ids, int[]? Segments, short[][] Labels, float Weight)
{
    /// <summary>By head: what is learned in the label's place, or null where the label itself is. Empty where no head has any.</summary>
    public SoftLabel?[] Soft { get; init; } = [];

    /// <summary>Which part of its text it is, where a text too long for the model is in segments. They lie one after the other.</summary>
    public TextPart Part { get; init; } = new(0, 1);

    public SoftLabel? SoftLabel(int head) => head < Soft.Length ? Soft[head] : null;

    /// <summary>What <see cref="Ids"/> are, in a row of a CoNLL file: for measuring entities.</summary>
    public EncodedSentence? Sentence { get; init; }

    /// <summary>What <see cref="Ids"/> are, in a row of questions: for measuring answers.</summary>
    public QuestionWindow? Window { get; init; }

    /// <summary>Whether a head has something to learn from the row.</summary>
    public bool Has(int head) => Array.Exists(Labels[head], label => label >= 0);
}

/// <param name="Index">From 0.</param>
/// <param name="Count">Segments of the text.</param>
internal readonly record struct TextPart(int Index, int Count);

/// <summary>Rows to train on and rows to measure on.</summary>
/// <param name="Unlabelled">Rows left out because no head has a label for them.</param>
internal sealed record ExampleSet(IReadOnlyList<Example> Train, IReadOnlyList<Example> Dev, int Unlabelled)
{
    /// <summary>HEAD.LABEL of softmax and sigmoid heads: labels that no training row has, so that nothing is learned of them.</summary>
    public IEnumerable<string> Untaught(IReadOnlyDictionary<string, HeadConfig> heads) =>
        from head in heads.Index()
        where head.Item.Value.Kind is "softmax" or "sigmoid"
        from label in head.Item.Value.Labels.Index()
        let sigmoid = head.Item.Value.Kind == "sigmoid"
        where !Train.Any(row => sigmoid ? row.Labels[head.Index][label.Index] == 1 : row.Labels[head.Index][0] == label.Index)
        select $"{head.Item.Key}.{label.Item}";
}
