using System.Text;
using StreamScorer.Decode;
using StreamScorer.Shared.Contracts;

namespace StreamScorer.Tests.Decode;

public sealed class PostDecoderTests
{
    private static readonly DecodeOptions Valid = new();

    [Fact]
    public void Decode_ShouldReadEveryField()
    {
        var post = Accepted("""{"id": "42", "text": "grüße 👋", "lang": "de-AT", "created_at": "2026-11-21T10:00:00.5+01:00", "author": {"id": "7", "text": "no"}}""");

        Assert.Equal(("42", "grüße 👋", "de-AT", 1_795_251_600_500), (post.Id, Text(post), post.Language, post.CreatedAt));
    }

    [Theory]
    [InlineData("""{"text": "a", "text": "b"}""", "b")]
    [InlineData("""{"text": 1, "text": "b"}""", "b")]
    [InlineData("""{"t\u0065xt": "b"}""", "b")]
    [InlineData("""{"\ud800": 1, "text": "b"}""", "b")]
    [InlineData("""{"author": {"text": "a"}, "list": [{"text": "a"}], "text": "b"}""", "b")]
    [InlineData("""{"text": "\u0041\n\"\\\/\b\f\r\t\u00e9\ud83d\ude00."}""", "A\n\"\\/\b\f\r\té😀.")]
    [InlineData(" \r\n\t{\"text\":\"b\"}\n", "b")]
    [InlineData("\uFEFF{\"text\":\"b\"}", "b")]
    [InlineData("""{"text": "a\u0000b"}""", "a\0b")]
    public void Decode_ShouldTakeTheText(string json, string expected) => Assert.Equal(expected, Text(Accepted(json)));

    [Theory]
    [InlineData("/post/body", """{"post": {"body": "b", "text": "a"}, "text": "a"}""")]
    [InlineData("/0/text", """[{"text": "b"}, {"text": "a"}]""")]
    [InlineData("/1", """["a", "b", "c"]""")]
    [InlineData("/a/1/0/b", """{"a": [[{"b": "a"}], [{"b": "b"}, {"b": "a"}]]}""")]
    [InlineData("/a~1b/m~0n", """{"a/b": {"m~n": "b"}}""")]
    [InlineData("/", """{"": "b"}""")]
    [InlineData("/0", """{"0": "b"}""")]
    [InlineData("", "\"b\"")]
    [InlineData("/p/t", """{"p": {"t": "a"}, "p": {"t": "b"}}""")]
    [InlineData("/ä/日", """{"ä": {"日": "b"}}""")]
    [InlineData("/ä/日", """{"\u00e4": {"\u65e5": "b"}}""")]
    public void Decode_ShouldFollowThePointer(string field, string json)
        => Assert.Equal("b", Text(Accepted(json, Valid with { TextField = field })));

    [Theory]
    [InlineData("{}", RejectReason.MissingText, "There is no text: the document has no field /text.")]
    [InlineData("""{"text": null}""", RejectReason.MissingText, "There is no text: the field /text is null.")]
    [InlineData("""{"text": "a", "text": null}""", RejectReason.MissingText, "There is no text: the field /text is null.")]
    [InlineData("""{"text": 7}""", RejectReason.WrongType, "The field /text is not a string.")]
    [InlineData("""{"text": {"text": "a"}}""", RejectReason.WrongType, "The field /text is not a string.")]
    [InlineData("""{"text": ["a"]}""", RejectReason.WrongType, "The field /text is not a string.")]
    [InlineData("""["a"]""", RejectReason.WrongType, "The document has another shape than the field /text asks for: a value stands where an object must be.")]
    [InlineData("\"a\"", RejectReason.WrongType, "The document has another shape than the field /text asks for: a value stands where an object must be.")]
    [InlineData("null", RejectReason.WrongType, "The document has another shape than the field /text asks for: a value stands where an object must be.")]
    [InlineData("""{"text": ""}""", RejectReason.EmptyText, "The text is empty, or only white space and invisible characters.")]
    [InlineData("""{"text": "\ud83d"}""", RejectReason.UnpairedSurrogate, "The text has an escape for one half of a surrogate pair (\\ud800 to \\udfff) without the other half.")]
    [InlineData("", RejectReason.NotJson, "The value is empty; it must be one JSON document.")]
    [InlineData(" \n", RejectReason.NotJson, "The value is empty; it must be one JSON document.")]
    [InlineData("\uFEFF", RejectReason.NotJson, "The value is empty; it must be one JSON document.")]
    [InlineData("""{"text": "a"} x""", RejectReason.NotJson, "The value is not one JSON document: what stands at byte offset 14 is not allowed there.")]
    [InlineData("""{"text": "a"}{}""", RejectReason.NotJson, "The value is not one JSON document: what stands at byte offset 13 is not allowed there.")]
    [InlineData("{\n \"a\": 1,\n x}", RejectReason.NotJson, "The value is not one JSON document: what stands at byte offset 12 is not allowed there.")]
    [InlineData("""{"text": "a""", RejectReason.NotJson, "The value is not JSON: it ends too early, after 11 bytes.")]
    [InlineData("""{"text": "a",}""", RejectReason.NotJson, "The value is not one JSON document: what stands at byte offset 13 is not allowed there.")]
    [InlineData("plain words", RejectReason.NotJson, "The value is not one JSON document: what stands at byte offset 0 is not allowed there.")]
    [InlineData("{'text': 'a'}", RejectReason.NotJson, "The value is not one JSON document: what stands at byte offset 1 is not allowed there.")]
    [InlineData("\0", RejectReason.NotJson, "The value is not one JSON document: what stands at byte offset 0 is not allowed there.")]
    public void Decode_ShouldRejectWithOneSentence(string json, RejectReason reason, string message)
        => Assert.Equal(new Reject(reason, message), Rejected(Encoding.UTF8.GetBytes(json)));

    [Theory]
    [InlineData("/p/text", """{"p": 1}""", RejectReason.WrongType)]
    [InlineData("/p/text", """{"p": ["a"]}""", RejectReason.WrongType)]
    [InlineData("/p/text", """{"p": null}""", RejectReason.MissingText)]
    [InlineData("/p/text", """{"p": {}}""", RejectReason.MissingText)]
    [InlineData("/p/text", """{"p": {"text": "a"}, "p": {}}""", RejectReason.MissingText)]
    [InlineData("/p/text", """{"p": {"text": "a"}, "p": 3}""", RejectReason.WrongType)]
    [InlineData("/p/2", """{"p": ["a", "b"]}""", RejectReason.MissingText)]
    [InlineData("/p/-", """{"p": ["a", "b"]}""", RejectReason.WrongType)]
    [InlineData("/p/01", """{"p": ["a", "b"]}""", RejectReason.WrongType)]
    [InlineData("", """{"text": "a"}""", RejectReason.WrongType)]
    [InlineData("", "null", RejectReason.MissingText)]
    public void Decode_ShouldRejectPointersThatLeadNowhere(string field, string json, RejectReason reason)
        => Assert.Equal(reason, Rejected(Encoding.UTF8.GetBytes(json), Valid with { TextField = field }).Reason);

    [Theory]
    [InlineData(" \t\r\n\u00a0\u3000\u2028")]
    [InlineData("\0\u0001\u007f\u0085")]
    [InlineData("\u200b\u200c\u200d\ufeff\u2060\u00ad")]
    [InlineData("\ufffd \ufffd")]
    public void Decode_ShouldRejectAsEmpty_WhenNothingCanBeSeen(string text)
        => Assert.Equal(RejectReason.EmptyText, Rejected(Json(text)).Reason);

    [Theory]
    [InlineData(".")]
    [InlineData("\u200b.")]
    [InlineData("👍🏽")]
    [InlineData("\u0301")]
    public void Decode_ShouldAccept_WhenAnythingCanBeSeen(string text) => Assert.Equal(text, Text(Accepted(Json(text))));

    [Theory]
    [InlineData(new byte[] { (byte)'{', 0xff, (byte)'}' }, 1)]
    [InlineData(new byte[] { 0xef, 0xbb, 0xbf, 0xc0, 0x80 }, 3)]
    [InlineData(new byte[] { (byte)'"', 0xed, 0xa0, 0x80, (byte)'"' }, 1)]
    [InlineData(new byte[] { (byte)'"', 0xf0, 0x9f, 0x98 }, 1)]
    public void Decode_ShouldTellWhere_WhenBytesAreNotUtf8(byte[] value, int offset)
        => Assert.Equal(new Reject(RejectReason.InvalidUtf8, $"The value is not UTF-8: the bytes at byte offset {offset} are not a character."), Rejected(value));

    [Fact]
    public void Decode_ShouldTellWhere_WhenAFarByteIsNotUtf8()
    {
        var value = Encoding.UTF8.GetBytes(new string('é', 5_000) + "x");
        value[^1] = 0x80;

        Assert.Contains("byte offset 10000 ", Rejected(value).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Decode_ShouldMeasureTheTextAfterResolvingEscapes()
    {
        var options = Valid with { MaxTextBytes = 10 };

        Assert.Equal("ééééé", Text(Accepted("""{"text": "\u00e9\u00e9\u00e9\u00e9\u00e9"}""", options)));
        Assert.Equal(
            new Reject(RejectReason.TextTooLong, "The text has 12 bytes, over the limit of 10."),
            Rejected(Encoding.UTF8.GetBytes("""{"text": "\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9"}"""), options));
        Assert.Equal(
            new Reject(RejectReason.TextTooLong, "The text has 11 bytes, over the limit of 10."),
            Rejected(Encoding.UTF8.GetBytes("""{"text": "12345678901"}"""), options));
        Assert.Equal("1234567890", Text(Accepted("""{"text": "1234567890", "more": "not the text and longer"}""", options)));
    }

    [Fact]
    public void Decode_ShouldCountDepthFromTheDocument()
    {
        var options = Valid with { MaxDepth = 3 };

        Accepted("""{"a": [{"b": 1}], "text": "b"}""", options);
        Assert.Equal(
            new Reject(RejectReason.TooDeep, "Objects and arrays are nested deeper than the limit of 3 levels."),
            Rejected(Encoding.UTF8.GetBytes("""{"a": [[{}]], "text": "b"}"""), options));
    }

    [Fact]
    public void Decode_ShouldNotCopyTheText_WhenItHasNoEscapes()
    {
        var value = Encoding.UTF8.GetBytes("""{"id": 1, "text": "as it is"}""");

        var text = new PostDecoder(Valid).Decode(value, default, "f").Post!.Text;

        Assert.True(System.Runtime.InteropServices.MemoryMarshal.TryGetArray(text, out var segment));
        Assert.Same(value, segment.Array);
    }

    [Fact]
    public void Decode_ShouldTakeTheWholeValue_WhenTheFormatIsText()
    {
        var options = Valid with { Format = InputFormat.Text, MaxTextBytes = 20 };

        var post = new PostDecoder(options).Decode("\uFEFF{\"text\": \"a\"}"u8.ToArray(), "key"u8, "f").Post!;

        Assert.Equal(("key", "{\"text\": \"a\"}", null, null), (post.Id, Text(post), post.Language, post.CreatedAt));
        Assert.Equal(RejectReason.EmptyText, Rejected([], options).Reason);
        Assert.Equal(RejectReason.TextTooLong, Rejected(new byte[21], options).Reason);
        Assert.Equal(RejectReason.InvalidUtf8, Rejected([0xff], options).Reason);
    }

    [Fact]
    public void PostDecoder_ShouldRefuse_WhenAFieldIsNoPointer()
        => Assert.Contains("'text'", Assert.Throws<ArgumentException>(() => new PostDecoder(Valid with { TextField = "text" })).Message, StringComparison.Ordinal);

    private static byte[] Json(string text) => System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(new { text });

    private static string Text(Post post) => Encoding.UTF8.GetString(post.Text.Span);

    private static Post Accepted(string json, DecodeOptions? options = null) => Accepted(Encoding.UTF8.GetBytes(json), options);

    private static Post Accepted(byte[] value, DecodeOptions? options = null)
    {
        var decoded = new PostDecoder(options ?? Valid).Decode(value, default, "fallback");
        Assert.Null(decoded.Reject);
        return decoded.Post!;
    }

    private static Reject Rejected(byte[] value, DecodeOptions? options = null)
    {
        var decoded = new PostDecoder(options ?? Valid).Decode(value, default, "fallback");
        Assert.Null(decoded.Post);
        return decoded.Reject!;
    }
}
