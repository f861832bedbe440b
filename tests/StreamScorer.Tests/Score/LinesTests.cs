using System.Text;
using StreamScorer.Operate;
using StreamScorer.Score;

namespace StreamScorer.Tests.Score;

public sealed class LinesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("streamscorer-lines-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("a.jsonl", "{}\n{}\n", LineFormat.Json, new[] { "{}", "{}" })]
    [InlineData("a.txt", "one\r\ntwo\n\nlast", LineFormat.Text, new[] { "one", "two", "", "last" })]
    [InlineData("a.unknown", "one\n", LineFormat.Text, new[] { "one" })]
    [InlineData("a.csv", "id,text\n7,\"with, comma\nand \"\"line\"\"\"\n8,plain\n", LineFormat.Csv, new[] { "with, comma\nand \"line\"", "plain" })]
    [InlineData("empty.txt", "", LineFormat.Text, new string[0])]
    internal void Read_ShouldCutPosts_ByTheFilesEnding(string name, string content, LineFormat format, string[] expected)
    {
        using var lines = Lines.Open(Write(name, content), null, "text", "id");

        Assert.Equal(format, lines.Format);
        Assert.Equal(expected, lines.Read().Select(line => Encoding.UTF8.GetString(line.Value)));
    }

    [Fact]
    public void Read_ShouldTakeIdsFromTheirColumn()
    {
        using var lines = Lines.Open(Write("a.csv", "body,key\nhello,k1\n"), null, "body", "key");

        var line = Assert.Single(lines.Read());
        Assert.Equal("k1", line.Id);
    }

    [Fact]
    public void Read_ShouldNameTheColumnsThereAre_WhenTheTextColumnIsMissing()
    {
        using var lines = Lines.Open(Write("a.csv", "id,body\n1,x\n"), null, "text", "id");

        var fault = Assert.Throws<StartupException>(() => lines.Read().ToList());
        Assert.Contains("It has: id, body.", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_ShouldKeepBytesAsTheyAre_WhenALineSpansBuffers()
    {
        var file = Path.Combine(_folder, "big.txt");
        byte[] first = [.. Enumerable.Repeat((byte)0xFF, 200_000)];
        File.WriteAllBytes(file, [.. first, (byte)'\n', 1]);
        using var lines = Lines.Open(file, null, "text", "id");

        Assert.Equal([first, [1]], lines.Read().Select(line => line.Value));
    }

    [Fact]
    public void Open_ShouldTakeTheArgumentForAText_WhenItIsNoFile()
    {
        using var lines = Lines.Open("what a\nday", null, "text", "id");

        Assert.False(lines.IsMany);
        Assert.Equal("what a day", Encoding.UTF8.GetString(Assert.Single(lines.Read()).Value));
    }

    [Fact]
    public void Read_ShouldGiveOnePost_WhenTheTextIsEmpty()
    {
        using var lines = Lines.Open("", null, "text", "id");

        Assert.Empty(Assert.Single(lines.Read()).Value);
    }

    [Fact]
    public void Open_ShouldRefuse_WhenTheArgumentLooksLikeAFileThatIsNotThere()
        => Assert.Contains("There is no file 'posts.csv'", Assert.Throws<StartupException>(() => Lines.Open("posts.csv", null, "text", "id")).Message, StringComparison.Ordinal);

    private string Write(string name, string content)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, content);
        return path;
    }
}
