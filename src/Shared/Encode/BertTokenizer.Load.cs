namespace StreamScorer.Shared.Encode;

public sealed partial class BertTokenizer
{
    /// <summary>Reads a vocabulary: one token a line, the line's number (from 0) is its id.</summary>
    /// <param name="vocabFile">vocab.txt of a BERT checkpoint, UTF-8.</param>
    /// <param name="settings">The normalisation that the model was trained with.</param>
    /// <exception cref="InvalidDataException">
    /// The file is absent, is not UTF-8 or lacks a control token; the message is one line.
    /// </exception>
    public static BertTokenizer Load(string vocabFile, TokenizerSettings settings) => new(Vocabulary.Load(vocabFile), settings);
}
