using System.Text;

namespace Soak;

/// <summary>Records that cannot be scored, each with the reason that its dead letter must name.</summary>
internal static class BadPosts
{
    private static readonly Func<int, (byte[] Value, string Reason)>[] Kinds =
    [
        n => (Utf8($$"""{"id":"{{n}}","text":"cut o"""), "not_json"),
        n => (Utf8($"plain words {n}"), "not_json"),
        n => (Utf8($$"""{"id":"{{n}}","text":"one"}{"text":"two"}"""), "not_json"),
        _ => ([], "not_json"),
        n => (Utf8($$"""{"id":"{{n}}","text":{{n}}}"""), "wrong_type"),
        n => (Utf8($$"""{"id":"{{n}}","text":["a"]}"""), "wrong_type"),
        n => (Utf8($$"""{"id":"{{n}}","body":"no text"}"""), "missing_text"),
        n => (Utf8($$"""{"id":"{{n}}","text":""}"""), "empty_text"),
        n => (Utf8($$"""{"id":"{{n}}","text":" \n\t "}"""), "empty_text"),
        n => (Utf8($$"""{"id":"{{n}}","text":"{{new string('x', 65_537)}}"}"""), "text_too_long"),
        n => ([.. Utf8($$"""{"id":"{{n}}","text":"caf"""), 0xE9, .. "\"}"u8], "invalid_utf8"),
        n => ([.. Utf8($$"""{"id":"{{n}}","text":"over"""), 0xC0, 0x80, .. "\"}"u8], "invalid_utf8"),
        n => (Utf8($$"""{"id":"{{n}}","text":"half \ud83d an emoji"}"""), "unpaired_surrogate"),
        n => (Utf8($$"""{"id":"{{n}}","text":"deep","x":{{new string('[', 5_000)}}{{new string(']', 5_000)}}}"""), "too_deep"),
    ];

    public static (byte[] Value, string Reason) Make(ref Dice dice, int number) => Kinds[dice.Next(Kinds.Length)](number);

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);
}
