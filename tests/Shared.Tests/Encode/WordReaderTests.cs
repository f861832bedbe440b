using System.Text;
using StreamScorer.Shared.Encode;

namespace Shared.Tests.Encode;

public sealed class WordReaderTests
{
    // The words that another implementation of NFD gives; U+0334 is a non-spacing mark and goes.
    [Theory]
    [InlineData("a\u302E\u1B44", "a\u1B44\u302E")]
    [InlineData("a\U0001D165\u302E\u0334\u302F", "a\U0001D165\u302E\u302F")]
    [InlineData("\u302F\U0001D16D\U0001D165\u1B44", "\u1B44\U0001D165\u302F\U0001D16D")]
    [InlineData("\U0001D160\u302E\U0001D165", "\U0001D158\U0001D165\U0001D16E\U0001D165\u302E")]
    [InlineData("가\u302E\U0001D165", "\u1100\u1161\U0001D165\u302E")]
    public void Next_ShouldOrderMarksCanonically(string text, string expected)
    {
        Assert.Equal([expected], Words(text));
    }

    [Fact]
    public void Next_ShouldNotOrderAcrossADroppedStarter()
    {
        // U+0E31 is a non-spacing mark of class 0.
        Assert.Equal(["a\u302E\u1B44"], Words("a\u302E\u0E31\u1B44"));
    }

    [Fact]
    public void Next_ShouldMarkWordsOverTheLimit()
    {
        Assert.Equal([new string('a', 100), ""], Words($"{new string('A', 100)} {new string('A', 101)}"));
        Assert.Equal([new string('e', 100), ""], Words($"{Repeat("é", 100)} {Repeat("e\u0301", 101)}"));
        Assert.Equal([Repeat("\u302E", 100), ""], Words($"{Repeat("\u302E", 100)} {Repeat("\u302E", 101)}"));
    }

    private static string Repeat(string text, int times) => string.Concat(Enumerable.Repeat(text, times));

    private static List<string> Words(string text)
    {
        var reader = new WordReader(Encoding.UTF8.GetBytes(text), new CharMap(new TokenizerSettings()), new byte[WordReader.ScratchBytes]);
        var words = new List<string>();
        while (reader.Next())
        {
            Assert.Equal(reader.TooLong, reader.Word.IsEmpty);
            words.Add(Encoding.UTF8.GetString(reader.Word));
        }

        return words;
    }
}
