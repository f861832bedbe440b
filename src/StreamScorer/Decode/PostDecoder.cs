using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using StreamScorer.Shared.Contracts;
using StreamScorer.Shared.Encode;

namespace StreamScorer.Decode;

/// <summary>What became of a record: exactly one of the two is set.</summary>
internal readonly record struct Decoded(Post? Post, Reject? Reject);

/// <summary>
/// Record bytes to post, or the reason why not. Any bytes are fine: it never throws, its cost is linear in the value, and a fault in a
/// field that is not the text never costs a score. Thread-safe.
/// </summary>
internal sealed class PostDecoder
{
    /// <summary>
    /// Longest id in bytes. A longer one becomes <c>sha256:</c> and the hash of its bytes in hexadecimal: still the same
    /// for the same post and different for others, which a cut one would not be.
    /// </summary>
    public const int MaxIdBytes = 512;

    // RFC 5646 section 4.4.1: room for every tag that can be expected.
    private const int MaxLanguageBytes = 35;

    private const int Id = 0;
    private const int Text = 1;
    private const int Language = 2;
    private const int CreatedAt = 3;
    private const int Fields = 4;

    private static readonly SearchValues<byte> LanguageBytes =
        SearchValues.Create("-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);

    private static readonly SearchValues<byte> JsonSpace = SearchValues.Create(" \t\r\n"u8);

    private readonly DecodeOptions _options;
    private readonly JsonPointer?[] _pointers;
    private readonly int _levels;

    /// <exception cref="ArgumentException">A field of <paramref name="options"/> is not a JSON pointer.</exception>
    public PostDecoder(DecodeOptions options)
    {
        _options = options;
        _pointers =
        [
            Pointer(options.IdField, optional: true),
            Pointer(options.TextField, optional: false),
            Pointer(options.LanguageField, optional: true),
            Pointer(options.CreatedAtField, optional: true),
        ];
        _levels = _pointers.Max(pointer => pointer?.Count ?? 0) + 1;
    }

    /// <param name="value">The record's value. The post's text may be a slice of it, so it must live and stay unchanged as long as the post.</param>
    /// <param name="key">The record's key; empty: none.</param>
    /// <param name="fallbackId">The id when neither the document nor the key gives one.</param>
    public Decoded Decode(ReadOnlyMemory<byte> value, ReadOnlySpan<byte> key, string fallbackId)
    {
        if (!Utf8.IsValid(value.Span))
        {
            return Rejected(Rejects.InvalidUtf8(value.Span));
        }

        // The byte order mark is no part of the text, and JSON readers refuse it.
        var bom = value.Span.StartsWith("\uFEFF"u8) ? 3 : 0;
        var document = value[bom..];
        return _options.Format == InputFormat.Text
            ? Finish(document, KeyOr(key, fallbackId), null, null)
            : DecodeJson(document, bom, key, fallbackId);
    }

    private Decoded DecodeJson(ReadOnlyMemory<byte> document, int bom, ReadOnlySpan<byte> key, string fallbackId)
    {
        var json = document.Span;
        if (!json.ContainsAnyExcept(JsonSpace))
        {
            return Rejected(Rejects.Empty);
        }

        Span<FieldValue> values = stackalloc FieldValue[Fields];
        Span<FieldWalk.Level> levels = stackalloc FieldWalk.Level[_levels];
        var walk = new FieldWalk(json, _pointers, values, levels, _options.MaxDepth);
        try
        {
            if (!walk.Run())
            {
                return Rejected(Rejects.TooDeep(_options.MaxDepth));
            }
        }
        catch (JsonException e)
        {
            // Per-record tier. The reader's own message quotes the value, so only its position goes on.
            return Rejected(Rejects.NotJson(bom + Position(json, e), bom + json.Length));
        }

        return ReadText(document, values[Text], out var text) is { } fault
            ? Rejected(fault)
            : Finish(
                text,
                ReadId(json, values[Id]) ?? KeyOr(key, fallbackId),
                ReadLanguage(json, values[Language]),
                ReadCreatedAt(json, values[CreatedAt]));
    }

    private Reject? ReadText(ReadOnlyMemory<byte> document, FieldValue field, out ReadOnlyMemory<byte> text)
    {
        text = default;
        if (field.Kind != FieldKind.String)
        {
            return Rejects.NoText(field.Kind, _options.TextField);
        }

        var raw = document.Slice(field.Start, field.Length);
        if (!field.Escaped)
        {
            text = raw;
            return null;
        }

        if (!JsonString.TryMeasure(raw.Span, out var length))
        {
            return Rejects.UnpairedSurrogate;
        }

        if (length > _options.MaxTextBytes)
        {
            return Rejects.TooLong(length, _options.MaxTextBytes);
        }

        var resolved = new byte[length];
        JsonString.Unescape(raw.Span, resolved);
        text = resolved;
        return null;
    }

    private Decoded Finish(ReadOnlyMemory<byte> text, string id, string? language, long? createdAt)
        => text.Length > _options.MaxTextBytes ? Rejected(Rejects.TooLong(text.Length, _options.MaxTextBytes))
            : BlankText.Is(text.Span) ? Rejected(Rejects.NothingToRead)
            : new Decoded(new Post(id, text, language, createdAt), null);

    private static string? ReadId(ReadOnlySpan<byte> json, FieldValue field)
    {
        if (field.Kind is not (FieldKind.String or FieldKind.Number) || field.Length == 0)
        {
            return null;
        }

        // Resolving escapes only makes a string shorter.
        var rented = field.Escaped ? ArrayPool<byte>.Shared.Rent(field.Length) : [];
        var id = JsonString.TryResolve(json.Slice(field.Start, field.Length), field.Escaped, rented, out var utf8) ? MakeId(utf8) : null;
        if (field.Escaped)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }

        return id;
    }

    private static string KeyOr(ReadOnlySpan<byte> key, string fallbackId) => !key.IsEmpty && Utf8.IsValid(key) ? MakeId(key) : fallbackId;

    private static string MakeId(ReadOnlySpan<byte> utf8)
        => utf8.Length <= MaxIdBytes ? Encoding.UTF8.GetString(utf8) : "sha256:" + Convert.ToHexStringLower(SHA256.HashData(utf8));

    private static string? ReadLanguage(ReadOnlySpan<byte> json, FieldValue field)
    {
        Span<byte> scratch = stackalloc byte[MaxLanguageBytes];
        return field.Kind == FieldKind.String
            && JsonString.TryResolve(json.Slice(field.Start, field.Length), field.Escaped, scratch, out var tag)
            && tag.Length is > 0 and <= MaxLanguageBytes
            && !tag.ContainsAnyExcept(LanguageBytes)
            ? Encoding.ASCII.GetString(tag)
            : null;
    }

    private static long? ReadCreatedAt(ReadOnlySpan<byte> json, FieldValue field)
    {
        Span<byte> scratch = stackalloc byte[CreationTime.MaxBytes];
        var raw = json.Slice(field.Start, field.Length);
        return field.Kind switch
        {
            FieldKind.Number => CreationTime.FromNumber(raw),
            FieldKind.String when JsonString.TryResolve(raw, field.Escaped, scratch, out var text) => CreationTime.FromIso(text),
            _ => null,
        };
    }

    private static Decoded Rejected(Reject reject) => new(null, reject);

    // The reader counts lines; people with a record in hand count bytes.
    private static long Position(ReadOnlySpan<byte> json, JsonException e)
    {
        var start = 0;
        for (var line = 0L; line < (e.LineNumber ?? 0); line++)
        {
            var end = json[start..].IndexOf((byte)'\n');
            if (end < 0)
            {
                break;
            }

            start += end + 1;
        }

        return Math.Min(json.Length, start + (e.BytePositionInLine ?? 0));
    }

    private static JsonPointer? Pointer(string text, bool optional)
        => optional && text.Length == 0 ? null
            : JsonPointer.TryParse(text, out var pointer, out var fault) ? pointer
            : throw new ArgumentException($"'{text}' is not a JSON pointer: {fault}", nameof(text));
}
