using System.Globalization;
using System.Text;
using System.Text.Json;
using StreamScorer.Decode;
using StreamScorer.Shared.Contracts;

namespace StreamScorer.Tests.Decode;

/// <summary>What the runtime's own document model makes of a value: slow, obvious, and written without a look at the decoder.</summary>
internal static class ReferenceDecoder
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static (RejectReason? Reason, string? Text) Decode(byte[] value, DecodeOptions options)
    {
        try
        {
            Strict.GetString(value);
        }
        catch (DecoderFallbackException)
        {
            return (RejectReason.InvalidUtf8, null);
        }

        try
        {
            var bom = value.AsSpan().StartsWith("\uFEFF"u8) ? 3 : 0;
            using var document = JsonDocument.Parse(value.AsMemory(bom), new JsonDocumentOptions { MaxDepth = options.MaxDepth });
            return Read(document.RootElement, [.. options.TextField.Split('/').Skip(1)], options);
        }
        catch (JsonException e)
        {
            return (e.Message.Contains("maximum configured depth", StringComparison.Ordinal) ? RejectReason.TooDeep : RejectReason.NotJson, null);
        }
    }

    private static (RejectReason?, string?) Read(JsonElement root, string[] way, DecodeOptions options)
    {
        var at = root;
        for (var level = 0; level < way.Length; level++)
        {
            switch (at.ValueKind)
            {
                case JsonValueKind.Object when Last(at, way[level]) is { } member:
                    at = member;
                    break;
                case JsonValueKind.Object:
                    return (RejectReason.MissingText, null);
                case JsonValueKind.Array when int.TryParse(way[level], NumberStyles.None, CultureInfo.InvariantCulture, out var index):
                    if (index >= at.GetArrayLength())
                    {
                        return (RejectReason.MissingText, null);
                    }

                    at = at[index];
                    break;
                default:
                    return (at.ValueKind == JsonValueKind.Null && level > 0 ? RejectReason.MissingText : RejectReason.WrongType, null);
            }
        }

        return at.ValueKind == JsonValueKind.String ? Judge(at, options)
            : (at.ValueKind == JsonValueKind.Null ? RejectReason.MissingText : RejectReason.WrongType, null);
    }

    private static (RejectReason?, string?) Judge(JsonElement element, DecodeOptions options)
    {
        string text;
        try
        {
            text = element.GetString()!;
        }
        catch (InvalidOperationException)
        {
            return (RejectReason.UnpairedSurrogate, null);
        }

        return Encoding.UTF8.GetByteCount(text) > options.MaxTextBytes ? (RejectReason.TextTooLong, null)
            : text.All(c => char.IsWhiteSpace(c) || char.IsControl(c) || c == '\uFFFD' || char.GetUnicodeCategory(c) == UnicodeCategory.Format) ? (RejectReason.EmptyText, null)
            : (null, text);
    }

    private static JsonElement? Last(JsonElement element, string name)
    {
        JsonElement? last = null;
        foreach (var member in element.EnumerateObject())
        {
            try
            {
                last = member.Name == name ? member.Value : last;
            }
            catch (InvalidOperationException)
            {
                // Half a surrogate pair: no name that could be asked for.
            }
        }

        return last;
    }
}
