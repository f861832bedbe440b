using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Confluent.Kafka;
using FsCheck;
using FsCheck.Fluent;
using StreamScorer.Audit;
using StreamScorer.Shared.Contracts;
using StreamScorer.Shared.Judge;
using StreamScorer.Tests.Decode;
using Config = FsCheck.Config;
using Outcome = StreamScorer.Audit.Outcome;

namespace StreamScorer.Tests.Audit;

public sealed class OutcomeTests
{
    private static readonly ModelIdentity Model = new("mini\"model ü", "7", "abcdef");

    [Theory]
    [InlineData("posts", Decision.Allow)]
    [InlineData("posts", Decision.Review)]
    [InlineData("posts", Decision.Flag)]
    public void Parse_ShouldReadWhatTheWorkerWrites(string topic, Decision decision)
    {
        var value = Scored(topic, decision);

        Assert.Equal(new Outcome(OutcomeKind.Outcome, 3, 1842, decision != Decision.Allow, IdFits: true), Parse(value));
    }

    [Theory]
    [InlineData("result_id", "\"00000000000000000000000000000000\"")]
    [InlineData("result_id", "\"\"")]
    [InlineData("model", """{"name":"other","version":"7","sha256":"abcdef"}""")]
    public void Parse_ShouldSeeThatAResultIdIsAnothers(string name, string json)
    {
        var value = JsonNode.Parse(Scored("posts", Decision.Allow))!;
        value[name] = JsonNode.Parse(json);

        Assert.Equal((OutcomeKind.Outcome, false), (Parse(Bytes(value.ToJsonString())).Kind, Parse(Bytes(value.ToJsonString())).IdFits));
    }

    [Fact]
    public void Parse_ShouldNotMindTheOrderOfTheFields_NorWhitespace_NorNewFields()
    {
        var value = JsonNode.Parse(Scored("posts", Decision.Flag))!.AsObject();
        var turned = new JsonObject(value.Reverse().Select(field => KeyValuePair.Create(field.Key, field.Value?.DeepClone()))) { ["new"] = JsonNode.Parse("""{"decision":"allow","source":[{"offset":1}]}""") };

        Assert.Equal(new Outcome(OutcomeKind.Outcome, 3, 1842, true, true), Parse(Bytes(turned.ToJsonString(new JsonSerializerOptions { WriteIndented = true }))));
    }

    [Fact]
    public void Parse_ShouldPassOver_WhatIsOfAnotherTopic_OrATombstone()
    {
        Assert.Equal(OutcomeKind.OtherTopic, Parse(Scored("others", Decision.Allow)).Kind);
        Assert.Equal(OutcomeKind.None, new ScoredParser("posts").Deserialize(default, isNull: true, SerializationContext.Empty).Kind);
    }

    [Theory]
    [InlineData("")]
    [InlineData("no json")]
    [InlineData("[1]")]
    [InlineData("{}")]
    [InlineData("""{"source":null,"decision":"allow"}""")]
    [InlineData("""{"source":{"topic":"posts","partition":0,"offset":"3"},"decision":"allow"}""")]
    [InlineData("""{"source":{"topic":"posts","partition":99999999999,"offset":3},"decision":"allow"}""")]
    [InlineData("""{"source":{"topic":"posts","partition":0,"offset":3}}""")]
    [InlineData("""{"source":{"topic":"posts","partition":0""")]
    public void Parse_ShouldCallItUnreadable_WhenItIsNoOutcome(string value) => Assert.Equal(OutcomeKind.Unreadable, Parse(Bytes(value)).Kind);

    [Fact]
    public void Parse_ShouldNeverThrow()
        => Prop.ForAll(JsonGenerator.Values(), value => Enum.IsDefined(Parse(value).Kind)).Check(Config.QuickThrowOnFailure.WithMaxTest(1_000).WithQuietOnSuccess(true));

    [Fact]
    public void OfDeadLetter_ShouldReadWhatTheWorkerWrites_AndTheLastOfEachHeader()
    {
        var source = Records.At(3, 1842) with { Headers = [new Header("dlq.topic", Bytes("elsewhere")), new Header("dlq.offset", Bytes("1"))] };
        var letter = Records.DeadLetter(source, new Reject(RejectReason.NotJson, "message"));

        Assert.Equal(new Outcome(OutcomeKind.Outcome, 3, 1842), Outcome.OfDeadLetter(letter.Headers, "posts", hasValue: true));
        Assert.Equal(OutcomeKind.OtherTopic, Outcome.OfDeadLetter(letter.Headers, "others", hasValue: true).Kind);
        Assert.Equal(OutcomeKind.Unreadable, Outcome.OfDeadLetter([], "posts", hasValue: true).Kind);
        Assert.Equal(OutcomeKind.None, Outcome.OfDeadLetter([], "posts", hasValue: false).Kind);
        Assert.Equal(OutcomeKind.Unreadable, Outcome.OfDeadLetter([new Header("dlq.topic", Bytes("posts")), new Header("dlq.partition", Bytes("x"))], "posts", hasValue: true).Kind);
    }

    private static Outcome Parse(byte[] value) => new ScoredParser("posts").Deserialize(value, isNull: false, SerializationContext.Empty);

    private static byte[] Scored(string topic, Decision decision)
    {
        var entry = new Entry(Records.At(3, 1842) with { Topic = topic })
        {
            Post = new Post("1", Bytes("text")),
            Verdict = new Verdict(new Dictionary<string, HeadScore>(), ["hate"], decision, [], "p1"),
        };
        return Records.Outcomes(Model).ScoredMessage(entry).Value!;
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
