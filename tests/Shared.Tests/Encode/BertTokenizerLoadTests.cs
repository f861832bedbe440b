using System.Text;
using StreamScorer.Shared.Encode;

namespace Shared.Tests.Encode;

public sealed class BertTokenizerLoadTests : IDisposable
{
    private const string Small = "[PAD]\n[UNK]\n[CLS]\n[SEP]\ngood\n##ness\nist\nİ\n\u0130x\ni\u0307\n中\n##中\nélan\n";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory();

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Load_ShouldTakeIdsFromLineNumbers()
    {
        var tokenizer = Load(Small);

        Assert.Equal((13, 2, 3, 0, 1), (tokenizer.VocabularySize, tokenizer.ClsId, tokenizer.SepId, tokenizer.PadId, tokenizer.UnknownId));
        Assert.Equal([2, 4, 5, 1, 3], Encode(tokenizer, "Goodness, "));
    }

    [Fact]
    public void Load_ShouldGiveTheSame_WhenLinesEndWithCarriageReturns()
    {
        Assert.Equal([2, 4, 5, 3], Encode(Load(Small.Replace("\n", "\r\n", StringComparison.Ordinal)), "goodness"));
    }

    [Fact]
    public void Load_ShouldTakeTheLastOfEqualLines()
    {
        Assert.Equal([2, 13, 5, 3], Encode(Load(Small + "good\n"), "goodness"));
    }

    [Fact]
    public void Load_ShouldKeepAccentsAndIdeographs_WhenSettingsSaySo()
    {
        Assert.Equal([2, 9, 3], Encode(Load(Small, new TokenizerSettings { StripAccents = false }), "İ"));
        Assert.Equal([2, 7, 3], Encode(Load(Small, new TokenizerSettings { LowerCase = false }), "İ"));
        Assert.Equal([2, 10, 10, 3], Encode(Load(Small), "中中"));
        Assert.Equal([2, 10, 11, 3], Encode(Load(Small, new TokenizerSettings { SplitCjk = false }), "中中"));
        Assert.Equal([2, 12, 3], Encode(Load(Small, new TokenizerSettings { StripAccents = false }), "ÉLAN"));
        Assert.Equal([2, 1, 3], Encode(Load(Small), "élan"));
    }

    [Fact]
    public void Load_ShouldNotLoseItself_WhenALineIsVeryLong()
    {
        var tokenizer = Load(Small + new string('a', 1_000_000) + "\n" + new string('b', 400) + "\n" + new string('c', 100) + "\n");

        Assert.Equal([2, 1, 1, 15, 3], Encode(tokenizer, $"{new string('a', 1_000_000)} {new string('b', 400)} {new string('c', 100)}"));
    }

    [Theory]
    [InlineData("[PAD]")]
    [InlineData("[UNK]")]
    [InlineData("[CLS]")]
    [InlineData("[SEP]")]
    public void Load_ShouldRefuse_WhenAControlTokenIsMissing(string token)
    {
        var error = Assert.Throws<InvalidDataException>(() => Load(Small.Replace(token, "x", StringComparison.Ordinal)));

        Assert.Contains($"no line {token}", error.Message, StringComparison.Ordinal);
        Assert.Contains("vocab.txt", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void Load_ShouldRefuse_WhenTheFileIsNoText()
    {
        var file = Path.Combine(_folder.FullName, "vocab.txt");
        File.WriteAllBytes(file, [0xFF, 0xFE, 0x00]);

        var error = Assert.Throws<InvalidDataException>(() => BertTokenizer.Load(file, new TokenizerSettings()));
        Assert.Contains("not UTF-8", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("absent.txt")]
    [InlineData("")]
    public void Load_ShouldRefuse_WhenThereIsNoFile(string name)
    {
        var file = Path.Combine(_folder.FullName, name);

        var error = Assert.Throws<InvalidDataException>(() => BertTokenizer.Load(file, new TokenizerSettings()));
        Assert.StartsWith(file, error.Message, StringComparison.Ordinal);
    }

    private static int[] Encode(BertTokenizer tokenizer, string text)
    {
        var ids = new int[16];
        return ids[..tokenizer.Encode(Encoding.UTF8.GetBytes(text), ids, out _)];
    }

    private BertTokenizer Load(string vocabulary, TokenizerSettings? settings = null)
    {
        var file = Path.Combine(_folder.FullName, "vocab.txt");
        File.WriteAllText(file, vocabulary);
        return BertTokenizer.Load(file, settings ?? new TokenizerSettings());
    }
}
