using StreamScorer.Demo;
using StreamScorer.Operate;

namespace StreamScorer.Tests.Demo;

public sealed class SamplePostsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("streamscorer-samples-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Load_ShouldFindTheSampleThatComesWithTheProgram()
    {
        var samples = SamplePosts.Load();

        Assert.Equal(2_000, samples.Posts.Count);
        Assert.All(samples.Posts, post => Assert.False(string.IsNullOrWhiteSpace(post.Text)));
    }

    [Theory]
    [InlineData("id,words\n1,a\n", "needs the columns id and text. It has: id, words.")]
    [InlineData("id,text\n", "has no posts.")]
    [InlineData("id,text\n1,a\n2,b\n1,c\n", "has the id '1' twice.")]
    public void Load_ShouldSayWhatIsWrong(string csv, string expected)
    {
        var file = Path.Combine(_folder, "posts.csv");
        File.WriteAllText(file, csv);

        var fault = Assert.Throws<StartupException>(() => SamplePosts.Load(file));

        Assert.Contains(file, fault.Message, StringComparison.Ordinal);
        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_ShouldNameTheFile_WhenItIsMissing()
    {
        var fault = Assert.Throws<StartupException>(() => SamplePosts.Load(Path.Combine(_folder, "none.csv")));

        Assert.Contains("none.csv", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TextOf_ShouldFindTheRow_InEveryPass()
    {
        var post = new SamplePost("a~b:1", "text");
        var samples = new SamplePosts([post]);

        Assert.Equal("text", samples.TextOf(SamplePosts.IdOf(post, pass: 0)));
        Assert.Equal("text", samples.TextOf(SamplePosts.IdOf(post, pass: 7)));
        Assert.Null(samples.TextOf("another"));
    }
}
