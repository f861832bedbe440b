using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Soak;

/// <summary>Posts that must be scored, in all the shapes that the contract allows and producers send.</summary>
internal static class GoodPosts
{
    private static readonly string[] Words = ["the", "quick", "brown", "fox", "Vaccines", "don't", "rain", "match", "https://example.org/a?b=c&d=é", "@somebody", "#monday", "really", "\"quoted\"", "back\\slash", "tab\there", "new\nline", "100%", "naïve", "Straße", "and", "a", "weather", "train", "coffee"];

    private static readonly string[] Strange =
    [
        "👩‍👩‍👧‍👦 family", "日本語の投稿です", "مرحبا بالعالم", "שלום", "Z̷̢͈̀ä̵̡͎́l̴g̸o", "\u202Ereversed\u202C", "zero\u200Bwidth", "[SEP] [MASK] [CLS] [PAD]", "null\u0000byte", "\uFEFFbom inside", "<b>&amp;</b>", "{\"text\":\"inner\"}",
        "𝕯𝖔𝖚𝖇𝖑𝖊", "½ ⅓ ﬁ", "हिन्दी में", "ไทยไม่มีวรรค", "한국어", "ﷺ", "a\u0301\u0301\u0301\u0301\u0301", "\uE000 private", "soft\u00ADhyphen",
    ];

    private static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="first">The text's first word.</param>
    /// <returns>The value, and the id that its outcome must have; null: the key, else its place in the topic.</returns>
    public static (byte[] Value, string? Id) Make(ref Dice dice, int number, string first = "post")
    {
        var text = Text(ref dice, first);
        var id = FormattableString.Invariant($"post-{number}");
        return dice.Next(12) switch
        {
            0 => (Json(w => { w.WriteString("text", text); w.WriteString("id", id); w.WriteString("lang", "en-GB"); }), id),
            1 => (Json(w => { w.WriteNumber("id", number); w.WriteString("text", text); }), number.ToString(CultureInfo.InvariantCulture)),
            2 => (Json(w => w.WriteString("text", text)), null),
            3 => (Json(w => { w.WriteString("id", id); w.WriteString("text", text); Nest(w, 40); }), id),
            4 => ([0xEF, 0xBB, 0xBF, .. Json(w => { w.WriteString("id", id); w.WriteString("text", text); })], id),
            5 => ([.. "  \r\n\t"u8, .. Json(w => { w.WriteString("id", id); w.WriteString("text", text); }), .. " \n"u8], id),
            6 => (Json(w => { w.WriteString("id", id); w.WriteString("text", text); w.WriteString("created_at", "2026-11-21T10:00:00.5+02:00"); w.WriteNull("lang"); }, escaped: true), id),
            7 => (Json(w => { w.WriteString("id", id); w.WriteString("text", text); w.WriteNumber("created_at", 1_790_000_000_000 + number); w.WriteStartArray("tags"); w.WriteStringValue("x"); w.WriteEndArray(); }), id),
            _ => (Json(w => { w.WriteString("id", id); w.WriteString("text", text); w.WriteString("author", "somebody"); }), id),
        };
    }

    /// <summary>As a rule a tweet; one in fifty up to 4 kB, one in a thousand near the limit of 64 KiB. Always a word that every model reads.</summary>
    private static string Text(ref Dice dice, string first)
    {
        var least = dice.Next(1_000) is var size && size == 0 ? 60_000 : size < 20 ? dice.Next(4_000) : dice.Next(240);
        var text = new StringBuilder(first);
        var strange = dice.Next(5) == 0;
        var length = first.Length;
        while (length < least)
        {
            var word = strange && dice.Next(3) == 0 ? dice.Pick(Strange) : dice.Pick(Words);
            length += Encoding.UTF8.GetByteCount(word) + 1;
            if (length > 65_000)
            {
                break;
            }

            text.Append(' ').Append(word);
        }

        return text.ToString();
    }

    private static void Nest(Utf8JsonWriter writer, int depth)
    {
        writer.WritePropertyName("nested");
        for (var i = 0; i < depth; i++)
        {
            writer.WriteStartArray();
        }

        for (var i = 0; i < depth; i++)
        {
            writer.WriteEndArray();
        }
    }

    private static byte[] Json(Action<Utf8JsonWriter> write, bool escaped = false)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, escaped ? default : Relaxed))
        {
            writer.WriteStartObject();
            write(writer);
            writer.WriteEndObject();
        }

        return buffer.ToArray();
    }
}
