using System.Text;
using StreamScorer.Shared.Encode;

namespace ModelTool.Texts;

/// <summary>A sentence as the model reads it.</summary>
/// <param name="Pieces">By word, the index of its first token: the one that carries its tag. -1 where it has none, or it is beyond the limit.</param>
internal sealed record EncodedSentence(Sentence Sentence, int[] Ids, int[] Pieces);

/// <summary>Encodes sentences word by word, which gives the same tokens as their text: a space ends a word for the tokenizer too.</summary>
internal sealed class SentenceEncoder(BertTokenizer tokenizer, int maxTokens)
{
    private readonly int[] _ids = new int[maxTokens];

    public EncodedSentence Encode(Sentence sentence)
    {
        var end = 1;
        var pieces = new int[sentence.Words.Count];
        _ids[0] = tokenizer.ClsId;
        for (var word = 0; word < pieces.Length; word++)
        {
            // The last place is [SEP]'s. A word that fits in part is seen in part.
            var count = tokenizer.Tokenize(Encoding.UTF8.GetBytes(sentence.Words[word]), _ids.AsSpan(end..^1), out _);
            pieces[word] = count > 0 ? end : -1;
            end += count;
        }

        _ids[end] = tokenizer.SepId;
        return new EncodedSentence(sentence, _ids[..(end + 1)], pieces);
    }
}
