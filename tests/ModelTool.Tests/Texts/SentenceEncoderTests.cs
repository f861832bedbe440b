using System.Text;
using ModelTool.Texts;
using StreamScorer.Shared.Encode;

namespace ModelTool.Tests.Texts;

public sealed class SentenceEncoderTests
{
    private static readonly BertTokenizer Tokenizer = BertTokenizer.Load(Repository.TinyBert("vocab.txt"), new TokenizerSettings());

    [Fact]
    public void Encode_ShouldGiveTheTokensOfTheText_AndEachWordsFirst()
    {
        var sentence = Sentence("don't", "unbelievableness", "\u200d", "war");

        var encoded = new SentenceEncoder(Tokenizer, 64).Encode(sentence);

        var ids = new int[64];
        Assert.Equal(ids[..Tokenizer.Encode(Encoding.UTF8.GetBytes(sentence.Text), ids, out _)], encoded.Ids);
        Assert.Equal((1, 4, -1, encoded.Ids.Length - 2), (encoded.Pieces[0], encoded.Pieces[1], encoded.Pieces[2], encoded.Pieces[3])); // don ' t
        Assert.True(encoded.Pieces[3] > 5, "the long word has several pieces");
    }

    [Fact]
    public void Encode_ShouldEndAtTheLimit_WhenTheSentenceIsLonger()
    {
        var encoded = new SentenceEncoder(Tokenizer, 5).Encode(Sentence("war", "and", "don't", "war"));

        Assert.Equal((5, Tokenizer.SepId), (encoded.Ids.Length, encoded.Ids[^1]));
        Assert.Equal([1, 2, 3, -1], encoded.Pieces);
    }

    private static Sentence Sentence(params string[] words) => new(1, words, [.. words.Select(_ => "O")], new Dictionary<string, string>());
}
