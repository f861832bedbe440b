using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace StreamScorer.Demo;

/// <summary>The ways in which the replay spoils a post: what real topics bring sooner or later.</summary>
internal enum Defect
{
    /// <summary>Cut off in the middle, as by a producer that died.</summary>
    NotJson,

    /// <summary>The text is a number.</summary>
    WrongType,

    MissingText,

    /// <summary>White space only.</summary>
    EmptyText,

    /// <summary>Over the byte limit of Decode.</summary>
    TooLong,

    /// <summary>A byte sequence that is no character, as from a producer that writes Latin-1.</summary>
    InvalidUtf8,

    /// <summary>Half an emoji, as from a producer that cuts by UTF-16 units.</summary>
    UnpairedSurrogate,

    /// <summary>10,000 nested brackets.</summary>
    TooDeep,

    /// <summary>Raw NUL bytes within the text, which JSON does not allow.</summary>
    NulBytes,

    /// <summary>No value at all: deletes the key in a compacted topic.</summary>
    Tombstone,
}

/// <summary>One record of the replay. Its bytes depend on nothing but itself and the moment it is sent.</summary>
/// <param name="Number">Counts from 0 over the whole replay; sent along in the header <see cref="NumberHeader"/>.</param>
/// <param name="Author">Also the record key, so the posts of one author stay in order.</param>
/// <param name="MaxTextBytes">The limit that <see cref="Defect.TooLong"/> goes over.</param>
internal sealed record DemoRecord(long Number, string Id, string Author, string Text, Defect? Defect, int MaxTextBytes)
{
    public const string NumberHeader = "demo.number";

    private static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public byte[] Key => Encoding.UTF8.GetBytes(Author);

    /// <summary>The record's value; null for a tombstone.</summary>
    public byte[]? Value(DateTimeOffset createdAt) => Defect switch
    {
        null => Json(createdAt, writer => writer.WriteString("text", Text)),
        Demo.Defect.NotJson => Json(createdAt, writer => writer.WriteString("text", Text))[..^2],
        Demo.Defect.WrongType => Json(createdAt, writer => writer.WriteNumber("text", Number)),
        Demo.Defect.MissingText => Json(createdAt, _ => { }),
        Demo.Defect.EmptyText => Json(createdAt, writer => writer.WriteString("text", "  \n ")),
        Demo.Defect.TooLong => Json(createdAt, writer => writer.WriteString("text", TooLongText())),
        Demo.Defect.InvalidUtf8 => Json(createdAt, writer => WriteSpoilt(writer, [0xE9, 0x20, 0xFF])),
        Demo.Defect.UnpairedSurrogate => Json(createdAt, writer => WriteSpoilt(writer, "\\ud83d"u8)),
        Demo.Defect.NulBytes => Json(createdAt, writer => WriteSpoilt(writer, [0, 0])),
        Demo.Defect.TooDeep => Json(createdAt, writer =>
        {
            writer.WriteString("text", Text);
            writer.WritePropertyName("nested");
            writer.WriteRawValue(new string('[', 10_000) + new string(']', 10_000), skipInputValidation: true);
        }),
        Demo.Defect.Tombstone => null,
        _ => throw new InvalidOperationException($"No value for the defect {Defect}."),
    };

    private byte[] Json(DateTimeOffset createdAt, Action<Utf8JsonWriter> writeText)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, Relaxed))
        {
            writer.WriteStartObject();
            writer.WriteString("id", Id);
            writeText(writer);
            writer.WriteString("lang", "en");
            writer.WriteString("author", Author);
            writer.WriteString("created_at", createdAt.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
            writer.WriteEndObject();
        }

        return buffer.ToArray();
    }

    /// <summary>The text as a JSON string, with bytes at its end that do not belong there.</summary>
    private void WriteSpoilt(Utf8JsonWriter writer, ReadOnlySpan<byte> bytes)
    {
        var text = JsonEncodedText.Encode(Text, Relaxed.Encoder).EncodedUtf8Bytes;
        writer.WritePropertyName("text");
        writer.WriteRawValue([(byte)'"', .. text, .. bytes, (byte)'"'], skipInputValidation: true);
    }

    private string TooLongText()
    {
        var builder = new StringBuilder(MaxTextBytes + Text.Length);
        while (builder.Length <= MaxTextBytes)
        {
            builder.Append(Text).Append(' ');
        }

        return builder.ToString();
    }
}
