namespace StreamScorer.Shared.Encode;

/// <summary>How text is normalised before it is looked up; belongs to the vocabulary, as the model was trained with it.</summary>
public sealed record TokenizerSettings
{
    /// <summary>Default true (uncased vocabularies). False for cased ones.</summary>
    public bool LowerCase { get; init; } = true;

    /// <summary>Decompose canonically and drop non-spacing marks. Default null: as <see cref="LowerCase"/>.</summary>
    public bool? StripAccents { get; init; }

    /// <summary>Every Chinese, Japanese or Korean ideograph is a word of its own. Default true.</summary>
    public bool SplitCjk { get; init; } = true;
}
