using StreamScorer.Operate;
using StreamScorer.Operate.Page;
using StreamScorer.Shared.Contracts;

namespace StreamScorer.Tests.Operate.Page;

public sealed class LatestPostsTests
{
    [Fact]
    public void Add_ShouldKeepIdLengthAndWhy_ButNoText_WhenTextsAreHidden()
    {
        var latest = new LatestPosts(TextDisplay.Hidden, new ManualTime());

        latest.Add(Entries.Flagged("naïve words", 7));
        latest.Add(Entries.DeadLetter("{ secret", 8));

        var (flagged, dead) = latest.Read();
        var line = Assert.Single(flagged);
        Assert.Equal(("post-7", "posts", 2, 7L, 12, Decision.Flag, null), (line.Id, line.Topic, line.Partition, line.Offset, line.Bytes, line.Decision, line.Text));
        Assert.Equal(("hate", 0.9f, 0.852f), (line.Why[0].Label, line.Why[0].Probability, line.Why[0].Threshold));
        Assert.Equal((8L, 8, RejectReason.NotJson, null), (dead[0].Offset, dead[0].Bytes, dead[0].Reason, dead[0].Text));
    }

    [Theory]
    [InlineData(nameof(TextDisplay.Shown), "some vile words", "{ some vile")]
    [InlineData(nameof(TextDisplay.Masked), "s*** v*** w****", "{ s*** v***")]
    public void Add_ShouldShowTexts_AsTheOptionSays(string texts, string post, string value)
    {
        var latest = new LatestPosts(Enum.Parse<TextDisplay>(texts), new ManualTime());

        latest.Add(Entries.Flagged("some vile words"));
        latest.Add(Entries.DeadLetter("{ some vile"));

        Assert.Equal((post, value), (latest.Read().Flagged[0].Text, latest.Read().DeadLetters[0].Text));
    }

    [Fact]
    public void Add_ShouldPassOver_WhatIsAllowed()
    {
        var latest = new LatestPosts(TextDisplay.Shown, new ManualTime());

        latest.Add(Entries.Flagged("a fine day", decision: Decision.Allow));

        Assert.Empty(latest.Read().Flagged);
    }

    [Fact]
    public void Read_ShouldGiveTheNewestFirst_AndNoMoreThanAreKept()
    {
        var latest = new LatestPosts(TextDisplay.Hidden, new ManualTime());
        for (var i = 0; i < 100; i++)
        {
            latest.Add(Entries.Flagged("words", i));
            latest.Add(Entries.DeadLetter("words", i));
        }

        Assert.Equal(Enumerable.Range(0, LatestPosts.Flagged).Select(i => 99L - i), latest.Read().Flagged.Select(line => line.Offset));
        Assert.Equal(LatestPosts.DeadLetters, latest.Read().DeadLetters.Count);
    }

    [Theory]
    [InlineData("é")]
    [InlineData("日")]
    [InlineData("\U0001F600")]
    public void Add_ShouldCutLongTextsBetweenCharacters(string character)
    {
        var latest = new LatestPosts(TextDisplay.Shown, new ManualTime());

        latest.Add(Entries.Flagged("x" + string.Concat(Enumerable.Repeat(character, 1_000))));

        var text = latest.Read().Flagged[0].Text!;
        Assert.True(text.Length < 620, $"{text.Length} characters");
        Assert.EndsWith(character + "…", text, StringComparison.Ordinal);
        Assert.DoesNotContain('\uFFFD', text);
    }
}
