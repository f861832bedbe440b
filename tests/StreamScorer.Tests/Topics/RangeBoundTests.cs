using StreamScorer.Operate;
using StreamScorer.Topics;

namespace StreamScorer.Tests.Topics;

public sealed class RangeBoundTests
{
    [Fact]
    public void Parse_ShouldReadOffsetsPairsAndTimes()
    {
        Assert.Null(RangeBound.Parse("--from", null));
        Assert.Equal(1000, RangeBound.Parse("--from", "1000")!.Offset);
        Assert.Equal(new Dictionary<int, long> { [0] = 1000, [3] = 500 }, RangeBound.Parse("--from", "0:1000,3:500")!.Partitions);
        Assert.Equal(new DateTimeOffset(2026, 11, 21, 10, 0, 0, TimeSpan.Zero), RangeBound.Parse("--from", "2026-11-21T10:00")!.Time);
        Assert.Equal(new DateTimeOffset(2026, 11, 21, 8, 0, 0, TimeSpan.Zero), RangeBound.Parse("--from", "2026-11-21T10:00:00+02:00")!.Time);
        Assert.Equal(new DateTimeOffset(2026, 11, 21, 0, 0, 0, TimeSpan.Zero), RangeBound.Parse("--from", "2026-11-21")!.Time);
    }

    [Theory]
    [InlineData("yesterday")]
    [InlineData("-5")]
    [InlineData("0:1000,3")]
    [InlineData("0:x")]
    [InlineData("0:1,0:2")]
    [InlineData("")]
    public void Parse_ShouldSayHowToWriteIt_WhenItIsNothingOfThat(string text)
    {
        Assert.StartsWith($"--from {text}: ", Assert.Throws<StartupException>(() => RangeBound.Parse("--from", text)).Message, StringComparison.Ordinal);
    }
}
