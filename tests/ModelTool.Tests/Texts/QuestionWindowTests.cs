using System.Text;
using ModelTool.Texts;
using StreamScorer.Shared.Encode;

namespace ModelTool.Tests.Texts;

public sealed class QuestionWindowTests
{
    private const string Context = "War and music, (peace) and good news: they are great.";

    private static readonly BertTokenizer Tokenizer = BertTokenizer.Load(Repository.TinyBert("vocab.txt"), new TokenizerSettings());

    [Fact]
    public void Cut_ShouldGiveThePairAsTheTokenizerDoes_WhenItFits()
    {
        var window = Assert.Single(Cut(64, "peace"));

        var (ids, segments) = (new int[64], new int[64]);
        var count = Tokenizer.EncodePair(Encoding.UTF8.GetBytes("what is it"), Encoding.UTF8.GetBytes(Context), ids, segments, out _);
        Assert.Equal(ids[..count], window.Ids);
        Assert.Equal(segments[..count], window.Segments);
    }

    [Theory]
    [InlineData("peace")]
    [InlineData("War and music")]
    [InlineData("great.")]
    [InlineData("usic")] // covered by the tokens of a word that begins before it
    public void Find_ShouldGiveTokensThatTheAnswerIsReadFrom(string answer)
    {
        var window = Assert.Single(Cut(64, answer));

        var (start, end) = window.Find(window.Question.Answers[0])!.Value;

        Assert.Contains(answer, Best(window, start, end), StringComparison.Ordinal);
        Assert.InRange(Best(window, start, end).Length, answer.Length, answer.Length + 1);
    }

    [Fact]
    public void Find_ShouldFindNothing_WhenTheAnswerIsInAnotherWindow()
    {
        var windows = Cut(12, "peace");

        Assert.True(windows.Count > 2);
        Assert.All(windows, window => Assert.InRange(window.Ids.Length, 6, 12));
        var found = windows.Select(window => window.Find(window.Question.Answers[0]) is { } at ? Best(window, at.Start, at.End) : null).ToList();
        Assert.Contains(null, found);
        Assert.Contains("peace", found);
        Assert.All(found, text => Assert.True(text is null or "peace"));
    }

    [Fact]
    public void Best_ShouldKeepOrderAndStayInTheText()
    {
        var window = Assert.Single(Cut(64, "peace"));
        var (starts, ends) = (new float[window.Ids.Length], new float[window.Ids.Length]);
        (starts[0], ends[0]) = (99, 99); // [CLS] is no answer
        (starts[window.First + 4], starts[window.First], ends[window.First + 1]) = (5, 3, 4); // the best end is before the best start

        var best = window.Best(starts, ends);

        Assert.Equal((7, "War and"), (best.Score, best.Text));
    }

    [Fact]
    public void Answers_ShouldTakeTheBestOfAllWindows()
    {
        var windows = Cut(12, "peace");
        var tally = new AnswerTally();
        foreach (var window in windows)
        {
            var (starts, ends) = (new float[window.Ids.Length], new float[window.Ids.Length]);
            if (window.Find(window.Question.Answers[0]) is { } at)
            {
                (starts[at.Start], ends[at.End]) = (1, 1);
            }

            tally.Add(window, starts, ends);
        }

        var answer = Assert.Single(tally.Answers());
        Assert.Equal(("q", true, 1.0), (answer.Id, answer.IsExact, answer.F1));
    }

    [Fact]
    public void Cut_ShouldRefuse_WhenThereIsNoRoom() =>
        Assert.Equal("max_tokens is 5: a question with its text needs at least 6.", Assert.Throws<ToolException>(() => Cut(5, "peace")).Message);

    private static string Best(QuestionWindow window, int start, int end)
    {
        var (starts, ends) = (new float[window.Ids.Length], new float[window.Ids.Length]);
        (starts[start], ends[end]) = (9, 9);
        return window.Best(starts, ends).Text;
    }

    private static List<QuestionWindow> Cut(int maxTokens, string answer)
    {
        var at = Context.IndexOf(answer, StringComparison.Ordinal);
        return [.. new QuestionEncoder(Tokenizer, maxTokens).Cut(new Question("q", "what is it", Encoding.UTF8.GetBytes(Context), [new Answer(answer, at, at + answer.Length)]))];
    }
}
