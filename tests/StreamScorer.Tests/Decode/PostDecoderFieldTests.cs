using System.Text;
using StreamScorer.Decode;
using StreamScorer.Shared.Contracts;

namespace StreamScorer.Tests.Decode;

/// <summary>Id, language and creation time: what is wrong with them never costs a score.</summary>
public sealed class PostDecoderFieldTests
{
    [Theory]
    [InlineData("\"a1\"", "a1")]
    [InlineData("42", "42")]
    [InlineData("9007199254740993", "9007199254740993")]
    [InlineData("1.50", "1.50")]
    [InlineData("\"a\\u002db\"", "a-b")]
    [InlineData("\"\"", "key")]
    [InlineData("null", "key")]
    [InlineData("true", "key")]
    [InlineData("{\"id\": 1}", "key")]
    [InlineData("[1]", "key")]
    [InlineData("\"\\ud800\"", "key")]
    [InlineData("1, \"id\": \"2\"", "2")]
    [InlineData("1, \"id\": null", "key")]
    public void Id_ShouldBeStringOrNumber_ElseTheKey(string id, string expected)
        => Assert.Equal(expected, Decode($$"""{"id": {{id}}, "text": "b"}""", "key"u8).Id);

    [Fact]
    public void Id_ShouldFallBack_WhenTheKeyIsMissingOrNotUtf8()
    {
        Assert.Equal("fallback", Decode("""{"text": "b"}""", default).Id);
        Assert.Equal("fallback", Decode("""{"text": "b"}""", [0xff, 0x00]).Id);
    }

    [Fact]
    public void Id_ShouldBecomeAHash_WhenItIsOver512Bytes()
    {
        var longest = new string('é', 256);

        Assert.Equal(longest, Decode($$"""{"id": "{{longest}}", "text": "b"}""").Id);
        var first = Decode($$"""{"id": "{{longest}}1", "text": "b"}""").Id;
        Assert.Equal("sha256:" + Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(longest + "1"))), first);
        Assert.NotEqual(first, Decode($$"""{"id": "{{longest}}2", "text": "b"}""").Id);
        Assert.Equal(first, Decode("""{"text": "b"}""", Encoding.UTF8.GetBytes(longest + "1")).Id);
    }

    [Theory]
    [InlineData("\"en\"", "en")]
    [InlineData("\"zh-Hant-TW\"", "zh-Hant-TW")]
    [InlineData("\"zh\\u002dTW\"", "zh-TW")]
    [InlineData("\"\"", null)]
    [InlineData("\"en us\"", null)]
    [InlineData("\"englisch-österreichisch\"", null)]
    [InlineData("\"a-tag-that-is-far-longer-than-thirty-five\"", null)]
    [InlineData("\"\\ud800\"", null)]
    [InlineData("7", null)]
    [InlineData("{}", null)]
    public void Language_ShouldBeATag_ElseUnknown(string language, string? expected)
        => Assert.Equal(expected, Decode($$"""{"text": "b", "lang": {{language}}}""").Language);

    [Theory]
    [InlineData("\"2026-11-21T10:00:00Z\"", 1_795_255_200_000)]
    [InlineData("\"2026-11-21T10:00:00\"", 1_795_255_200_000)]
    [InlineData("\"2026-11-21T10:00:00.123456+02:00\"", 1_795_248_000_123)]
    [InlineData("\"2026-11-21T10:00:00\\u002B02:00\"", 1_795_248_000_000)]
    [InlineData("\"2026-11-21\"", 1_795_219_200_000)]
    [InlineData("1795255200", 1_795_255_200_000)]
    [InlineData("1795255200.25", 1_795_255_200_250)]
    [InlineData("1795255200123", 1_795_255_200_123)]
    [InlineData("1.7952552e9", 1_795_255_200_000)]
    [InlineData("1795255200123456", null)]
    [InlineData("-5", null)]
    [InlineData("0", null)]
    [InlineData("1e999", null)]
    [InlineData("\"yesterday\"", null)]
    [InlineData("\"21.11.2026\"", null)]
    [InlineData("\"2026-02-30T00:00:00Z\"", null)]
    [InlineData("\"2026-11-21T10:00:00Z                              \"", null)]
    [InlineData("\"0001-01-01T00:00:00+14:00\"", null)]
    [InlineData("\"\"", null)]
    [InlineData("\"\\ud800\"", null)]
    [InlineData("true", null)]
    [InlineData("[]", null)]
    public void CreatedAt_ShouldBeIsoOrUnixTime_ElseUnknown(string createdAt, long? expected)
        => Assert.Equal(expected, Decode($$"""{"text": "b", "created_at": {{createdAt}}}""").CreatedAt);

    [Fact]
    public void Fields_ShouldNotBeRead_WhenTheirOptionIsEmpty()
    {
        var options = new DecodeOptions { IdField = "", LanguageField = "", CreatedAtField = "" };

        var post = new PostDecoder(options).Decode("""{"id": "1", "text": "b", "lang": "en", "created_at": 1795255200}"""u8.ToArray(), "key"u8, "f").Post!;

        Assert.Equal(("key", null, null), (post.Id, post.Language, post.CreatedAt));
    }

    [Fact]
    public void Fields_ShouldShareAPointer()
        => Assert.Equal("b", new PostDecoder(new DecodeOptions { IdField = "/text" }).Decode("""{"text": "b"}"""u8.ToArray(), default, "f").Post!.Id);

    private static Post Decode(string json, ReadOnlySpan<byte> key = default)
    {
        var decoded = new PostDecoder(new DecodeOptions()).Decode(Encoding.UTF8.GetBytes(json), key, "fallback");
        Assert.Null(decoded.Reject);
        return decoded.Post!;
    }
}
