using ModelTool.Tests.Support;
using ModelTool.Texts;

namespace ModelTool.Tests.Texts;

public sealed class ConllFileTests : IDisposable
{
    private readonly TestFolder _folder = new();

    [Fact]
    public void Read_ShouldGiveWordsTagsAndColumns_WhenTheFileHasComments()
    {
        var sentences = Read("""
            # sent_id = one
            # just a remark
            # topic = sport = fun
            New	B-place
            York	I-place
            #	O

            fine	O
            Ann	B-person
            Bob	B-person
            """);

        Assert.Equal(["New", "York", "#"], sentences[0].Words);
        Assert.Equal(["B-place", "I-place", "O"], sentences[0].Tags);
        Assert.Equal(("one", 4, "sport = fun", "1"), (sentences[0].Id, sentences[0].Line, sentences[0].Column("topic"), sentences[0].Column("has_entity")));
        Assert.Equal(("line 8", 8, null), (sentences[1].Id, sentences[1].Line, sentences[1].Column("topic")));
    }

    [Theory]
    [InlineData("a\tO\nb\tO\n", "0")]
    [InlineData("a\tO\nb\tB-x\n", "1")]
    [InlineData("# has_entity = maybe\na\tO\n", "maybe")]
    public void Read_ShouldSayWhetherThereIsAnEntity_UnlessTheFileDoes(string text, string said) =>
        Assert.Equal(said, Assert.Single(Read(text)).Column("has_entity"));

    [Theory]
    [InlineData("a\tO\nsecret\n", 2, "must be a word, a tab and its tag, or empty")]
    [InlineData("a\tO\nsecret O\n", 2, "must be a word, a tab and its tag, or empty")]
    [InlineData("secret\tNN\tO\n", 1, "must be a word, a tab and its tag, or empty")]
    [InlineData("secret\t\n", 1, "must be a word, a tab and its tag, or empty")]
    [InlineData("a\tO\n# secret\n", 2, "must be a word, a tab and its tag, or empty")]
    [InlineData("\n\n \tO\n", 3, "must be a word, a tab and its tag, or empty")]
    [InlineData("a\tsecret\n", 1, "its tag must be O, B-type or I-type")]
    [InlineData("a\tB-\n", 1, "its tag must be O, B-type or I-type")]
    [InlineData("a\tI-x\n", 1, "I-x goes on with an entity that did not begin: the first word of one is B-x")]
    [InlineData("a\tB-y\na\tI-x\n", 2, "I-x goes on with an entity that did not begin: the first word of one is B-x")]
    [InlineData("a\tB-x\n\na\tI-x\n", 3, "I-x goes on with an entity that did not begin: the first word of one is B-x")]
    public void Read_ShouldNameFileAndLine_WhenALineIsWrong(string text, int line, string fault) =>
        Assert.Equal($"{_folder.PathOf("a.conll")}, line {line}: {fault}.", Assert.Throws<ToolException>(() => Read(text)).Message);

    public void Dispose() => _folder.Dispose();

    private List<Sentence> Read(string text) => [.. ConllFile.Read(_folder.Write("a.conll", text))];
}
