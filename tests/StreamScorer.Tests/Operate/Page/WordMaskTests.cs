using StreamScorer.Operate.Page;

namespace StreamScorer.Tests.Operate.Page;

public sealed class WordMaskTests
{
    [Fact]
    public void Of_ShouldKeepFirstLettersOnly()
        => Assert.Equal("I d**'* l*** @u*** a* a** (\U0001F600) 1*%", WordMask.Of("I don't like @user at all (\U0001F600) 10%"));
}
