using FsCheck;
using FsCheck.Fluent;
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

    [Fact]
    public void Spread_ShouldMakeWindowsOfEqualLength()
    {
        Assert.Equal([new TokenWindow(0, 8)], Spread(8, 8, 2, 9));
        Assert.Equal([new TokenWindow(0, 6), new TokenWindow(4, 5)], Spread(9, 8, 2, 9));
        Assert.Equal([new TokenWindow(0, 8), new TokenWindow(6, 8)], Spread(14, 8, 2, 9));
        Assert.Equal([new TokenWindow(0, 7), new TokenWindow(5, 6), new TokenWindow(9, 6)], Spread(15, 8, 2, 9));
    }

    [Fact]
    public void Spread_ShouldEndWhereTheLastWindowIsFull_WhenThereMayBeNoMore()
    {
        Assert.Equal([new TokenWindow(0, 8), new TokenWindow(6, 8)], Spread(100, 8, 2, 2));
        Assert.Equal([new TokenWindow(0, 8)], Spread(100, 8, 2, 1));
    }

    [Fact]
    public void Spread_ShouldCutBetweenWords_WhenTheyAreNotTooLong()
    {
        // Words of three pieces: of 20 places a window may give up two, so every cut can be at a word.
        var continues = Enumerable.Range(0, 60).Select(i => i % 3 != 0).ToArray();

        var windows = TokenWindow.Spread(60, 24, 4, 9, continues);

        Assert.All(windows, window => Assert.Equal(0, window.Start % 3));
        Assert.All(windows, window => Assert.Equal(0, window.End % 3));
        Assert.Equal(60, windows[^1].End);
    }

    [Fact]
    public void Spread_ShouldCutInsideAWord_WhenItIsLongerThanAWindow()
    {
        var windows = TokenWindow.Spread(40, 8, 2, 99, [.. Enumerable.Repeat(true, 40)]);

        Assert.Equal(40, windows[^1].End);
        Assert.All(windows, window => Assert.InRange(window.Length, 1, 8));
    }

    [Fact]
    public void Spread_ShouldLeaveNothingOut_AndHoldItsLimits()
    {
        var cases =
            from overlap in Gen.Choose(0, 20)
            from room in Gen.Choose(Math.Max(1, 2 * overlap), 60)
            from most in Gen.Choose(1, 12)
            from continues in Gen.Elements(true, true, true, false).ListOf()
            select (overlap, room, most, continues: continues.ToArray());
        Prop.ForAll(
            cases.ToArbitrary(),
            any =>
            {
                var windows = TokenWindow.Spread(any.continues.Length, any.room, any.overlap, any.most, any.continues);
                return windows.Count <= any.most
                    && windows[0].Start == 0
                    && windows.All(window => window.Length >= 0 && window.Length <= any.room)
                    && windows.Zip(windows.Skip(1)).All(pair => pair.Second.Start > pair.First.Start && pair.Second.Start <= pair.First.End - any.overlap)
                    && (windows[^1].End == any.continues.Length || windows.Count == any.most);
            }).QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData(4, 3, 1)]
    [InlineData(0, 0, 1)]
    [InlineData(4, -1, 1)]
    [InlineData(4, 2, 0)]
    public void Spread_ShouldRefuse_WhenAWindowAddsLessThanItRepeats(int room, int overlap, int most) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Spread(9, room, overlap, most));

    private static IReadOnlyList<TokenWindow> Spread(int tokens, int room, int overlap, int most) =>
        TokenWindow.Spread(tokens, room, overlap, most, new bool[tokens]);
}
