using StreamScorer.Shared.Encode;

namespace Shared.Tests.Encode;

public sealed class TokenWindowTests
{
    [Fact]
    public void Cut_ShouldGiveOneWindow_WhenAllFits()
    {
        Assert.Equal([new TokenWindow(0, 0)], TokenWindow.Cut(0, 8, 2));
        Assert.Equal([new TokenWindow(0, 8)], TokenWindow.Cut(8, 8, 2));
    }

    [Fact]
    public void Cut_ShouldOverlap_WhenTheTextIsLonger()
    {
        Assert.Equal([new TokenWindow(0, 8), new TokenWindow(6, 3)], TokenWindow.Cut(9, 8, 2));
        Assert.Equal([new TokenWindow(0, 8), new TokenWindow(6, 8)], TokenWindow.Cut(14, 8, 2));
        Assert.Equal([new TokenWindow(0, 4), new TokenWindow(4, 4), new TokenWindow(8, 1)], TokenWindow.Cut(9, 4, 0));
    }

    [Theory]
    [InlineData(4, 4)]
    [InlineData(0, 0)]
    [InlineData(4, -1)]
    public void Cut_ShouldRefuse_WhenAWindowGetsNoFurther(int room, int overlap)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => TokenWindow.Cut(9, room, overlap));
    }
}
