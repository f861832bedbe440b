using System.Text;
using System.Text.Json;
using Confluent.Kafka;
using StreamScorer.DeadLetters;
using StreamScorer.Operate;
using StreamScorer.Publish;
using StreamScorer.Shared.Contracts;

namespace StreamScorer.Tests.DeadLetters;

public sealed class DeadLetterTests
{
    private static readonly DeadLetter Letter = Read(Records.DeadLetter(
        Records.At(3, 1842) with { Headers = [new Header("trace", [1, 2])] }, new Reject(RejectReason.TooDeep, "nested deeper than 64")));

    [Fact]
    public void Read_ShouldReadWhatTheWorkerWrites()
    {
        Assert.Equal(("too_deep", "nested deeper than 64", "posts", 3, 1842L, 0), (Letter.Reason, Letter.Message, Letter.SourceTopic, Letter.SourcePartition, Letter.SourceOffset, Letter.Replays));
        Assert.Equal(Records.One.Timestamp, Letter.Timestamp);
    }

    [Fact]
    public void Original_ShouldBeTheRecordAsItCame_WithTheCountOfReplays()
    {
        var original = Letter.Original();

        Assert.Equal(Records.One.Key, original.Key);
        Assert.Equal(Records.One.Value, original.Value);
        Assert.Equal(["trace", "dlq.replays"], original.Headers.Select(h => h.Key));
        Assert.Equal([1, 2], original.Headers.GetLastBytes("trace"));

        // It comes back as a dead letter, again and again.
        var source = Records.At(3, 2000) with { Headers = original.Headers };
        var back = Read(Records.DeadLetter(source, new Reject(RejectReason.TooDeep, "again")));
        Assert.Equal(1, back.Replays);
        Assert.Equal(["trace", "dlq.replays"], back.Original().Headers.Select(h => h.Key));
        Assert.Equal("2", Encoding.UTF8.GetString(back.Original().Headers.GetLastBytes("dlq.replays")));
    }

    [Fact]
    public void Read_ShouldPassOver_WhatIsNoDeadLetter()
    {
        Assert.Null(DeadLetter.Read(Result(new() { Value = "x"u8.ToArray(), Headers = [] })));
        var marker = ReplayMarker.For(Letter, "posts");
        Assert.Null(DeadLetter.Read(Result(marker)));
        Assert.Equal(Letter.Offset, ReplayMarker.Read(marker.Headers));
        Assert.Null(ReplayMarker.Read(Letter.Headers));
    }

    [Theory]
    [InlineData("reason", true)]
    [InlineData("other reason", false)]
    [InlineData("since", true)]
    [InlineData("since later", false)]
    [InlineData("until", false)]
    [InlineData("original", true)]
    [InlineData("original until", false)]
    [InlineData("topic", true)]
    [InlineData("other topic", false)]
    [InlineData("3", true)]
    [InlineData("2", false)]
    [InlineData("3:1842", true)]
    [InlineData("3:1843", false)]
    [InlineData("3:1800-1842", true)]
    [InlineData("3:1800-1841", false)]
    public void Matches_ShouldTakeEachOfItsConditions(string condition, bool expected)
    {
        var dead = DateTimeOffset.FromUnixTimeMilliseconds(Letter.DeadAt);
        var original = DateTimeOffset.FromUnixTimeMilliseconds(Letter.Timestamp);
        var filter = condition switch
        {
            "reason" => new DeadLetterFilter { Reasons = ["not_json", "too_deep"] },
            "other reason" => new DeadLetterFilter { Reasons = ["not_json"] },
            "since" => new DeadLetterFilter { Since = dead },
            "since later" => new DeadLetterFilter { Since = dead.AddMilliseconds(1) },
            "until" => new DeadLetterFilter { Until = dead },
            "original" => new DeadLetterFilter { Time = LetterTime.Original, Since = original, Until = original.AddMilliseconds(1) },
            "original until" => new DeadLetterFilter { Time = LetterTime.Original, Until = original },
            "topic" => new DeadLetterFilter { SourceTopic = "posts" },
            "other topic" => new DeadLetterFilter { SourceTopic = "others" },
            _ => new DeadLetterFilter { Sources = [SourceOffsets.Parse(condition)] },
        };

        Assert.Equal(expected, filter.Matches(Letter));
    }

    [Theory]
    [InlineData("x")]
    [InlineData("3:")]
    [InlineData("3:9-5")]
    [InlineData("3:1-2-3")]
    [InlineData("-1")]
    public void Parse_ShouldSayHowToWriteOffsets(string text)
        => Assert.StartsWith($"--source {text}: write a partition (3)", Assert.Throws<StartupException>(() => SourceOffsets.Parse(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void Lists_ShouldNotShowTheText_AndTheWholeShouldNotSteerATerminal()
    {
        var letter = Letter with { Value = "secret \u001b[31m words\nline"u8.ToArray(), Key = [0xff, 0x1b] };
        var (table, whole) = (new StringWriter(), new StringWriter());

        LetterText.Table([(letter, true)], table);
        LetterText.Whole(letter, whole);

        Assert.DoesNotContain("secret", table.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', table.ToString());
        Assert.Contains("too_deep", table.ToString(), StringComparison.Ordinal);
        var json = JsonDocument.Parse(LetterText.Json(letter, replayed: true)).RootElement;
        Assert.Equal((letter.Value!.Length, true), (json.GetProperty("bytes").GetInt32(), json.GetProperty("replayed").GetBoolean()));
        Assert.DoesNotContain("secret", json.ToString(), StringComparison.Ordinal);
        Assert.Contains("secret \\u{1b}[31m words\nline", whole.ToString(), StringComparison.Ordinal);
        Assert.Contains("(no UTF-8) ff1b", whole.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', whole.ToString());
    }

    private static DeadLetter Read(Message<byte[]?, byte[]?> message) => DeadLetter.Read(Result(message))!;

    private static ConsumeResult<byte[]?, byte[]?> Result(Message<byte[]?, byte[]?> message)
    {
        message.Timestamp = new Timestamp(1_795_000_000_000, TimestampType.CreateTime);
        return new ConsumeResult<byte[]?, byte[]?> { Topic = "posts.dead-letter", Partition = 1, Offset = 17, Message = message };
    }
}
