using System.Text.Json;
using StreamScorer.Decode;
using StreamScorer.Demo;
using StreamScorer.Shared.Contracts;

namespace StreamScorer.Tests.Demo;

public sealed class DemoRecordTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 21, 10, 0, 0, TimeSpan.Zero);
    private static readonly DemoRecord Sound = new(17, "s:1", "user001", "say \"hi\" \\ to \U0001F600", null, new DecodeOptions().MaxTextBytes);

    private readonly PostDecoder _decoder = new(new DecodeOptions());

    [Fact]
    public void Value_ShouldDecodeToThePost_WhenThereIsNoDefect()
    {
        var post = Decode(Sound).Post!;

        Assert.Equal("s:1", post.Id);
        Assert.Equal(Sound.Text, System.Text.Encoding.UTF8.GetString(post.Text.Span));
        Assert.Equal("en", post.Language);
        Assert.Equal(Now.ToUnixTimeMilliseconds(), post.CreatedAt);
    }

    [Fact]
    public void Value_ShouldNameTheAuthor_WhoIsAlsoTheKey()
    {
        using var json = JsonDocument.Parse(Sound.Value(Now));

        Assert.Equal("user001", json.RootElement.GetProperty("author").GetString());
        Assert.Equal("user001"u8, Sound.Key);
    }

    [Theory]
    [InlineData(nameof(Defect.NotJson), RejectReason.NotJson)]
    [InlineData(nameof(Defect.WrongType), RejectReason.WrongType)]
    [InlineData(nameof(Defect.MissingText), RejectReason.MissingText)]
    [InlineData(nameof(Defect.EmptyText), RejectReason.EmptyText)]
    [InlineData(nameof(Defect.TooLong), RejectReason.TextTooLong)]
    [InlineData(nameof(Defect.InvalidUtf8), RejectReason.InvalidUtf8)]
    [InlineData(nameof(Defect.UnpairedSurrogate), RejectReason.UnpairedSurrogate)]
    [InlineData(nameof(Defect.TooDeep), RejectReason.TooDeep)]
    [InlineData(nameof(Defect.NulBytes), RejectReason.NotJson)]
    public void Value_ShouldBeRejectedForItsDefect(string defect, RejectReason expected)
        => Assert.Equal(expected, Decode(Sound with { Defect = Enum.Parse<Defect>(defect) }).Reject?.Reason);

    [Fact]
    public void Value_ShouldBeNull_WhenItIsATombstone() => Assert.Null((Sound with { Defect = Defect.Tombstone }).Value(Now));

    private Decoded Decode(DemoRecord record) => _decoder.Decode(record.Value(Now), record.Key, "posts-0-0");
}
