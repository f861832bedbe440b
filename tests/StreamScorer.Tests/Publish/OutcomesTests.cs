using System.Text;
using System.Text.Json;
using Confluent.Kafka;
using StreamScorer.Publish;
using StreamScorer.Shared.Contracts;
using StreamScorer.Shared.Judge;
using StreamScorer.Tests.Operate;

namespace StreamScorer.Tests.Publish;

public sealed class OutcomesTests
{
    private static readonly ModelIdentity Model = new("m", "1", "abc");
    private readonly ManualTime _time = new();
    private readonly Outcomes _outcomes;

    public OutcomesTests() => _outcomes = new Outcomes(Model, new PublishOptions(), _time);

    [Fact]
    public void ResultId_ShouldBeTheSame_WhenTheSameRecordIsScoredAgain()
    {
        var again = Records.One with { ConsumedAt = 5, Epoch = 9, Value = [1] };

        Assert.Equal(_outcomes.ResultId(Records.One), _outcomes.ResultId(again));
        Assert.Matches("^[0-9a-f]{32}$", _outcomes.ResultId(again));
    }

    /// <summary>By sha256sum, of "topic LF partition LF offset LF model LF version LF hash": consumers have stored these.</summary>
    [Theory]
    [InlineData("posts", 0, 0, 1, "03f2637127081cb9a76a9d1f4bf565ae")]
    [InlineData("posts", int.MaxValue, long.MaxValue, 2000, "8e86b2c640ddc519fdf9061664c1d1f9")]
    [InlineData("töpic", 0, 7, 1, "9150673bee85b89b75eab97ac051df00")]
    public void ResultId_ShouldStayWhatItIs(string topic, int partition, long offset, int letters, string id)
        => Assert.Equal(id, new Outcomes(Model with { Name = new string('m', letters) }, new PublishOptions(), _time).ResultId(Records.One with { Topic = topic, Partition = partition, Offset = offset }));

    [Fact]
    public void ResultId_ShouldDiffer_WhenAnyPartOfItsOriginDoes()
    {
        string[] ids =
        [
            _outcomes.ResultId(Records.One),
            _outcomes.ResultId(Records.One with { Topic = "posts2" }),
            _outcomes.ResultId(Records.One with { Partition = 1 }),
            _outcomes.ResultId(Records.One with { Offset = 1 }),
            _outcomes.ResultId(Records.One with { Partition = 10, Offset = 0 }),
            new Outcomes(Model with { Version = "2" }, new PublishOptions(), _time).ResultId(Records.One),
            new Outcomes(Model with { Sha256 = "abd" }, new PublishOptions(), _time).ResultId(Records.One),
        ];

        Assert.Equal(ids.Length, ids.Distinct().Count());
    }

    [Fact]
    public void DeadLetter_ShouldKeepKeyValueAndHeaders_AndSayWhy()
    {
        byte[] value = [0xFF, 0x00, 0x7B];
        var source = Records.One with { Value = value, Headers = [new Header("h", [1]), new Header("empty", null)], Partition = 3, Offset = 1842 };
        var entry = new Entry(source) { Reject = new Reject(RejectReason.UnpairedSurrogate, "why it is") };

        var letter = _outcomes.DeadLetter(entry);

        Assert.Same(source.Key, letter.Key);
        Assert.Same(value, letter.Value);
        Assert.Equal([1], letter.Headers.GetLastBytes("h"));
        Assert.Null(letter.Headers.GetLastBytes("empty"));
        Assert.Equal(
            ["unpaired_surrogate", "why it is", "posts", "3", "1842", "1790000000000"],
            new[] { "dlq.reason", "dlq.message", "dlq.topic", "dlq.partition", "dlq.offset", "dlq.timestamp" }.Select(name => Encoding.UTF8.GetString(letter.Headers.GetLastBytes(name))));
        Assert.Equal(2, source.Headers.Count); // the original's own headers are not touched: it may be sent twice
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("true", true)]
    [InlineData(null, true)]
    [InlineData("yes, please", true)]
    [InlineData("false", false)]
    [InlineData("FALSE", false)]
    [InlineData("0", false)]
    public void DeadLetter_ShouldLeaveTheValueBehind_WhenAHeaderForbidsToStoreIt(string? header, bool forbidden)
    {
        byte[] value = [0xFF, 0x00, 0x7B];
        var source = Records.One with { Value = value, Headers = [new Header("do-not-store", header is null ? null : Encoding.UTF8.GetBytes(header))] };

        var letter = _outcomes.DeadLetter(new Entry(source) { Reject = new Reject(RejectReason.TextTooLong, "why it is") });

        Assert.Equal(forbidden ? null : value, letter.Value);
        Assert.Same(source.Key, letter.Key);
        Assert.Equal("text_too_long", Header(letter, "dlq.reason"));
        Assert.Equal(forbidden ? "true" : null, Header(letter, "dlq.redacted"));
        Assert.Equal(forbidden ? "3" : null, Header(letter, "dlq.value.length"));
        Assert.Equal(forbidden ? Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(value)) : null, Header(letter, "dlq.value.sha256"));
    }

    [Theory]
    [InlineData("keep-out", "keep-out", true)]
    [InlineData("keep-out", "do-not-store", false)]
    [InlineData("", "do-not-store", false)]
    public void DeadLetter_ShouldKnowTheHeaderByItsConfiguredName(string option, string header, bool forbidden)
    {
        var outcomes = new Outcomes(Model, new PublishOptions { DoNotStoreHeader = option }, _time);

        var letter = outcomes.DeadLetter(new Entry(Records.One with { Headers = [new Header(header, [1])] }) { Reject = new Reject(RejectReason.NotJson, "m") });

        Assert.Equal(forbidden, letter.Value is null);
    }

    [Fact]
    public void Of_ShouldSendATombstoneOn_ToTheOutputsThatAreNamed()
    {
        var tombstone = new Entry(Records.One with { Value = null, Headers = [new Header("trace", [1])] });

        var sent = _outcomes.Of(tombstone);
        var everywhere = new Outcomes(Model, new PublishOptions { Tombstones = Outputs.Scored | Outputs.DeadLetter }, _time).Of(tombstone);
        var nowhere = new Outcomes(Model, new PublishOptions { Tombstones = Outputs.None }, _time).Of(tombstone);

        Assert.Equal(["posts.scored", "posts.flagged"], sent.Select(s => s.Topic));
        Assert.All(sent, s => Assert.Equal((Records.One.Key, null), (s.Message.Key, s.Message.Value)));
        Assert.All(sent, s => Assert.Equal([1], s.Message.Headers.GetLastBytes("trace")));
        Assert.Equal(["posts.scored", "posts.dead-letter"], everywhere.Select(s => s.Topic));
        Assert.Empty(nowhere);
    }

    [Fact]
    public void Of_ShouldSendNothing_WhenATombstoneHasNoKey() => Assert.Empty(_outcomes.Of(new Entry(Records.One with { Key = null, Value = null })));

    [Fact]
    public void Of_ShouldSendWhatIsNotAllowedTwice_AndARejectOnce()
    {
        Assert.Equal(["posts.scored", "posts.flagged"], _outcomes.Of(Entry()).Select(s => s.Topic));
        var allowed = Entry();
        allowed.Verdict = allowed.Verdict! with { Decision = Decision.Allow };
        Assert.Equal(["posts.scored"], _outcomes.Of(allowed).Select(s => s.Topic));
        Assert.Equal(["posts.dead-letter"], _outcomes.Of(new Entry(Records.One) { Reject = new Reject(RejectReason.NotJson, "m") }).Select(s => s.Topic));
    }

    [Fact]
    public void Scored_ShouldTellTimesAsTheyWere()
    {
        var ticks = _time.TimestampFrequency;
        var entry = Entry();
        entry.InferStart = ticks / 2;
        entry.InferTicks = ticks / 4;

        var scored = _outcomes.Scored(entry);

        Assert.Equal(new Timing(17, Records.One.ConsumedAt, _time.GetUtcNow().ToUnixTimeMilliseconds(), 500, 250), scored.Timing);
        Assert.Equal(new RecordSource("posts", 0, 0, 1_790_000_000_000), scored.Source);
    }

    [Fact]
    public void ScoredMessage_ShouldCarryTheInputsKeyAndHeaders()
    {
        var message = _outcomes.ScoredMessage(Entry());

        Assert.Same(Records.One.Key, message.Key);
        using var json = JsonDocument.Parse(message.Value);
        Assert.Equal("review", json.RootElement.GetProperty("decision").GetString());
        Assert.Equal("p1", json.RootElement.GetProperty("policy").GetString());
        Assert.False(json.RootElement.TryGetProperty("language", out _)); // unknown is left out, not null
    }

    [Fact]
    public void Scored_ShouldHaveNoSource_WhenThereIsNoStream()
    {
        var scored = _outcomes.Scored(Entry(), inStream: false);

        Assert.Null(scored.Source);
        Assert.Null(scored.ResultId);
        Assert.Null(scored.Timing.ConsumedAt);
    }

    private static string? Header(Message<byte[]?, byte[]?> message, string name)
        => message.Headers.TryGetLastBytes(name, out var value) ? Encoding.UTF8.GetString(value) : null;

    private static Entry Entry() => new(Records.One)
    {
        Post = new Post("1", "text"u8.ToArray(), CreatedAt: 17),
        TokenCount = 3,
        Verdict = new Verdict(new Dictionary<string, HeadScore>(), [], Decision.Review, [], "p1"),
    };
}
