using StreamScorer.Recover;

namespace StreamScorer.Tests.Recover;

public sealed class CrashMarkTests
{
    private const int Restarts = 3;

    [Fact]
    public void Accuse_ShouldNarrow_ToWhatWasAtWorkAtEachCrash()
    {
        IReadOnlyList<Suspect> suspects = [];
        foreach (var (first, end) in new[] { (0L, 500L), (100, 300), (200, 900) })
        {
            suspects = new CrashMark([Range(first, end)], suspects).Accuse(Restarts);
        }

        var suspect = Assert.Single(suspects);
        Assert.Equal((200, 300, 3, 0), (suspect.Range.First, suspect.Range.End, suspect.Crashes, suspect.Alone));
        Assert.Equal(200 * 10, suspect.Range.Timestamp);
        Assert.True(suspect.IsIsolated(Restarts));
        Assert.False(suspect.IsGuilty(Restarts));
    }

    [Fact]
    public void Accuse_ShouldStartAnew_WhenNothingWasAtWorkBefore()
    {
        var suspects = new CrashMark([Range(500, 600)], [new Suspect(Range(0, 500), 2, 0)]).Accuse(Restarts);

        Assert.Equal([new Suspect(Range(500, 600), 1, 0)], suspects);
    }

    [Fact]
    public void Accuse_ShouldKeepPartitionsApart()
    {
        var other = Range(0, 500) with { Partition = 1 };

        var suspects = new CrashMark([Range(0, 500), other], [new Suspect(other, 2, 0)]).Accuse(Restarts);

        Assert.Equal([new Suspect(Range(0, 500), 1, 0), new Suspect(other, 3, 0)], suspects);
    }

    [Fact]
    public void Accuse_ShouldProveOneRecord_OnlyWhenItWasAloneTwice()
    {
        IReadOnlyList<Suspect> suspects = [new Suspect(Range(0, 10), 3, 0)];

        suspects = new CrashMark([Range(4, 5)], suspects).Accuse(Restarts);
        Assert.False(Assert.Single(suspects).IsGuilty(Restarts));
        suspects = new CrashMark([Range(4, 5), Range(0, 1) with { Partition = 1 }], suspects).Accuse(Restarts);
        Assert.False(suspects[0].IsGuilty(Restarts)); // something else was at work too
        suspects = new CrashMark([Range(4, 5)], suspects).Accuse(Restarts);

        Assert.Equal([new Suspect(Range(4, 5), 6, 2)], suspects);
        Assert.True(suspects[0].IsGuilty(Restarts));
    }

    [Fact]
    public void Accuse_ShouldKeepTheGuilty_AndNotBlameThemForTheNextCrash()
    {
        var guilty = new Suspect(Range(4, 5), 5, 2);

        var suspects = new CrashMark([Range(0, 10)], [guilty]).Accuse(Restarts);

        Assert.Equal([guilty, new Suspect(Range(0, 10), 1, 0)], suspects);
    }

    [Fact]
    public void Accuse_ShouldBlameNobody_WhenNothingWasAtWork()
    {
        var known = new Suspect(Range(0, 10), 2, 0);

        Assert.Equal([known], new CrashMark([], [known]).Accuse(Restarts));
    }

    private static OffsetRange Range(long first, long end) => new("posts", 0, first, end, first * 10);
}
