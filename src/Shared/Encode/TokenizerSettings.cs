namespace StreamScorer.Shared.Encode;

/// <summary>How text is normalised before it is looked up; belongs to the vocabulary, as the model was trained with it.</summary>
/// <param name="LowerCase">True for uncased vocabularies, false for cased ones.</param>
/// <param name="StripAccents">Decompose canonically and drop non-spacing marks. Null: as <paramref name="LowerCase"/>.</param>
/// <param name="SplitCjk">Every Chinese, Japanese or Korean ideograph is a word of its own.</param>
// Defaults of a constructor, because the generated JSON reader does not see those of init properties: a manifest that is silent would mean false.
public sealed record TokenizerSettings(bool LowerCase = true, bool? StripAccents = null, bool SplitCjk = true);
