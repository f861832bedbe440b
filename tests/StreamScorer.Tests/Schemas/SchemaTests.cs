using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Confluent.Kafka;
using StreamScorer.Decode;
using StreamScorer.Publish;
using StreamScorer.Shared.Contracts;
using StreamScorer.Shared.Judge;
using StreamScorer.Tests.Operate;

namespace StreamScorer.Tests.Schemas;

public sealed class SchemaTests
{
    private static readonly Verdict Flagged = new(
        new Dictionary<string, HeadScore>
        {
            ["hate"] = new("hate", null, new Dictionary<string, float> { ["not_hate"] = 0.07f, ["hate"] = 0.93f }),
            ["topics"] = new(null, ["news"], new Dictionary<string, float> { ["news"] = 0.8f, ["sport"] = 1e-9f }),
        },
        ["hate"],
        Decision.Flag,
        [new Why("hate", "hate", 0.93f, 0.8f, 0.13f, Decision.Flag)], "2026-11-21.1");

    private static readonly Outcomes Outcomes = new(new ModelIdentity("m", "1", new string('a', 64)), new PublishOptions(), new ManualTime());

    [Theory]
    [InlineData("post")]
    [InlineData("scored")]
    [InlineData("dead-letter")]
    [InlineData("rejected")]
    public void Schema_ShouldHoldForItsOwnExamples(string name)
    {
        var schema = Load(name);
        var validator = new SchemaValidator(schema);
        validator.RefuseUnknownKeywords();

        Assert.Equal("https://json-schema.org/draft/2020-12/schema", schema.GetProperty("$schema").GetString());
        Assert.Equal($"{name}.schema.json", schema.GetProperty("$id").GetString());
        Assert.NotEmpty(schema.GetProperty("examples").EnumerateArray());
        Assert.All(schema.GetProperty("examples").EnumerateArray(), example => Assert.Empty(validator.Validate(example)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Scored_ShouldDescribeEveryFieldThatIsWritten(bool inStream)
        => Assert.Empty(new SchemaValidator(Load("scored")).Validate(Scored(inStream), closed: true));

    [Fact]
    public void Scored_ShouldHold_WhenNothingIsRaisedAndNothingOptionalIsKnown()
    {
        var entry = Entry();
        entry.Post = new Post("1", "a"u8.ToArray());
        entry.Verdict = Flagged with { Flags = [], Why = [], Decision = Decision.Allow };

        Assert.Empty(new SchemaValidator(Load("scored")).Validate(Json(Outcomes.Scored(entry, inStream: false)), closed: true));
    }

    [Fact]
    public void Scored_ShouldNameNoFieldThatIsNeverWritten()
    {
        var written = Scored(inStream: true);

        Assert.All(Load("scored").GetProperty("properties").EnumerateObject(), field => Assert.True(written.TryGetProperty(field.Name, out _), field.Name));
        Assert.All(
            Load("scored").GetProperty("properties").GetProperty("timing").GetProperty("properties").EnumerateObject(),
            field => Assert.True(written.GetProperty("timing").TryGetProperty(field.Name, out _), field.Name));
    }

    [Theory]
    [InlineData("/decision", "\"Flag\"")]
    [InlineData("/id", "7")]
    [InlineData("/result_id", "\"xyz\"")]
    [InlineData("/result_id", null)]
    [InlineData("/heads", "{}")]
    [InlineData("/heads/hate/probabilities/hate", "1.5")]
    [InlineData("/heads/hate/label", null)]
    [InlineData("/heads/topics/label", "\"news\"")]
    [InlineData("/flags", "[\"hate\", \"hate\"]")]
    [InlineData("/why/0/band", "\"allow\"")]
    [InlineData("/text/tokens", "0")]
    [InlineData("/text/truncated", "\"no\"")]
    [InlineData("/model/sha256", "\"abc\"")]
    [InlineData("/timing/queue_ms", "-1")]
    [InlineData("/timing/scored_at", "\"now\"")]
    [InlineData("/policy", null)]
    public void Scored_ShouldRefuse_WhenOneFieldIsWrong(string at, string? wrong)
    {
        var document = JsonNode.Parse(Scored(inStream: true).GetRawText())!;
        Change(document, at, wrong);

        Assert.NotEmpty(new SchemaValidator(Load("scored")).Validate(JsonElement.Parse(document.ToJsonString())));
    }

    [Fact]
    public void DeadLetter_ShouldHoldForEveryReason()
    {
        var validator = new SchemaValidator(Load("dead-letter"));

        Assert.All(Enum.GetValues<RejectReason>(), reason =>
        {
            var headers = DeadLetter(new Reject(reason, "One sentence."), new Headers { { "trace", "t"u8.ToArray() } });
            Assert.Empty(validator.Validate(headers));
            Assert.Equal("t", headers.GetProperty("trace").GetString());
        });
    }

    [Fact]
    public void DeadLetter_ShouldNameExactlyTheReasonsThereAre()
    {
        var expected = Enum.GetValues<RejectReason>().Select(reason => JsonNamingPolicy.SnakeCaseLower.ConvertName(reason.ToString()));

        Assert.Equal(expected, Enums(Load("dead-letter").GetProperty("properties").GetProperty("dlq.reason")));
        Assert.Equal(expected, Enums(Load("rejected").GetProperty("properties").GetProperty("rejected").GetProperty("properties").GetProperty("reason")));
    }

    [Fact]
    public void DeadLetter_ShouldDescribeEveryHeaderThatIsWritten()
        => Assert.Empty(new SchemaValidator(Load("dead-letter")).Validate(DeadLetter(new Reject(RejectReason.NotJson, "m"), null), closed: true));

    [Fact]
    public void DeadLetter_ShouldDescribeTheHeadersOfAValueThatIsNotStored()
    {
        var headers = DeadLetter(new Reject(RejectReason.NotJson, "m"), new Headers { { "do-not-store", "1"u8.ToArray() } });

        Assert.Empty(new SchemaValidator(Load("dead-letter")).Validate(headers));
        Assert.All(["dlq.redacted", "dlq.value.sha256", "dlq.value.length"], name =>
        {
            Assert.True(headers.TryGetProperty(name, out _));
            Assert.True(Load("dead-letter").GetProperty("properties").TryGetProperty(name, out _));
        });
    }

    [Theory]
    [InlineData("/dlq.reason", "\"other\"")]
    [InlineData("/dlq.message", "\"two\\nlines\"")]
    [InlineData("/dlq.offset", "\"-1\"")]
    [InlineData("/dlq.partition", "3")]
    [InlineData("/dlq.topic", null)]
    public void DeadLetter_ShouldRefuse_WhenOneHeaderIsWrong(string at, string? wrong)
    {
        var document = JsonNode.Parse(DeadLetter(new Reject(RejectReason.NotJson, "m"), null).GetRawText())!;
        Change(document, at, wrong);

        Assert.NotEmpty(new SchemaValidator(Load("dead-letter")).Validate(JsonElement.Parse(document.ToJsonString())));
    }

    [Theory]
    [InlineData("7")]
    [InlineData(null)]
    public void Rejected_ShouldHoldForWhatScorePrints(string? id)
    {
        var line = JsonSerializer.SerializeToElement(new RejectedPost(id, new Reject(RejectReason.TooDeep, "m")), ContractsJson.Default.RejectedPost);

        Assert.Empty(new SchemaValidator(Load("rejected")).Validate(line, closed: true));
        Assert.NotEmpty(new SchemaValidator(Load("rejected")).Validate(JsonElement.Parse("""{"rejected": {"reason": "no"}}""")));
    }

    [Theory]
    [InlineData("""{"id": "1", "text": "a", "lang": "en", "created_at": "2026-11-21T10:00:00.5+01:00", "more": {}}""", true)]
    [InlineData("""{"id": 1, "text": "a", "created_at": 1795255200}""", true)]
    [InlineData("""{"text": " a"}""", true)]
    [InlineData("""{"text": ""}""", false)]
    [InlineData("""{"text": " \n"}""", false)]
    [InlineData("""{"text": 1}""", false)]
    [InlineData("""{"text": null}""", false)]
    [InlineData("""{"id": "1"}""", false)]
    [InlineData("[]", false)]
    [InlineData("\"a\"", false)]
    public void Post_ShouldHoldExactlyWhenTheDecoderAccepts(string json, bool valid)
    {
        Assert.Equal(valid, new SchemaValidator(Load("post")).Validate(JsonElement.Parse(json)).Count == 0);
        Assert.Equal(valid, new PostDecoder(new DecodeOptions()).Decode(Encoding.UTF8.GetBytes(json), default, "f").Post is not null);
    }

    [Theory]
    [InlineData("lang", "\"en us\"")]
    [InlineData("lang", "7")]
    [InlineData("created_at", "\"yesterday\"")]
    [InlineData("created_at", "-1")]
    [InlineData("id", "true")]
    [InlineData("id", "\"\"")]
    public void Post_ShouldRefuseWhatTheDecoderIgnores(string field, string wrong)
    {
        var json = $$"""{"text": "a", "{{field}}": {{wrong}}}""";

        Assert.NotEmpty(new SchemaValidator(Load("post")).Validate(JsonElement.Parse(json)));
        var post = new PostDecoder(new DecodeOptions()).Decode(Encoding.UTF8.GetBytes(json), default, "f").Post!;
        Assert.Equal(("f", null, null), (post.Id, post.Language, post.CreatedAt));
    }

    private static JsonElement Load(string name) => JsonElement.Parse(File.ReadAllText(Repository.PathOf("docs", "schemas", $"{name}.schema.json")));

    private static IEnumerable<string> Enums(JsonElement schema) => schema.GetProperty("enum").EnumerateArray().Select(one => one.GetString()!);

    private static JsonElement Json(ScoredPost post) => JsonSerializer.SerializeToElement(post, ContractsJson.Default.ScoredPost);

    private static JsonElement Scored(bool inStream) => Json(Outcomes.Scored(Entry(), inStream));

    private static Entry Entry() => new(Records.At(3, 1842))
    {
        Post = new Post("1", "a"u8.ToArray(), "en", 1_790_000_000_000),
        TokenCount = 3,
        Verdict = Flagged,
        InferTicks = 12_345,
    };

    private static JsonElement DeadLetter(Reject reject, Headers? headers)
    {
        var message = Records.DeadLetter(Records.At(3, 1842) with { Headers = headers }, reject);
        return JsonSerializer.SerializeToElement(message.Headers.ToDictionary(header => header.Key, header => Encoding.UTF8.GetString(header.GetValueBytes())));
    }

    private static void Change(JsonNode document, string at, string? wrong)
    {
        var way = at[1..].Split('/');
        var parent = way[..^1].Aggregate(document, (node, name) => node is JsonArray array ? array[int.Parse(name, null)]! : node[name]!).AsObject();
        if (wrong is null)
        {
            Assert.True(parent.Remove(way[^1]));
        }
        else
        {
            parent[way[^1]] = JsonNode.Parse(wrong);
        }
    }
}
