using ModelTool.Texts;

namespace ModelTool.Tests.Texts;

public sealed class AnswerTextTests
{
    [Theory]
    [InlineData("The Cat!", "cat", true, 1)]
    [InlineData("an  apple", "Apple.", true, 1)]
    [InlineData("$5", "5", true, 1)] // $ is among Python's string.punctuation
    [InlineData("theatre", "atre", false, 0)]
    [InlineData("«cat»", "cat", false, 0)] // only ASCII punctuation goes
    [InlineData("in the big city", "big city", false, 0.8)] // 2 of 3 and 2 of 2
    [InlineData("b b c", "b d", false, 0.4)] // the second b has no partner
    [InlineData("", "cat", false, 0)]
    [InlineData("the", "a", true, 0)] // as the script: equal when nothing is left, and no word in common
    public void ExactAndF1_ShouldCompareAsTheScriptOfSquadDoes(string given, string truth, bool exact, double f1)
    {
        Answer[] answers = [new(truth, 0, 0)];

        Assert.Equal(exact, AnswerText.IsExact(given, answers));
        Assert.Equal(f1, AnswerText.F1(given, answers), 1e-12);
    }

    [Fact]
    public void F1_ShouldTakeTheAnswerThatFitsBest()
    {
        Answer[] answers = [new("red house", 0, 0), new("house", 0, 0), new("blue", 0, 0)];

        Assert.Equal(1, AnswerText.F1("the house", answers));
        Assert.True(AnswerText.IsExact("the house", answers));
    }
}
