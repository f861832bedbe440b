using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace StreamScorer.Decode;

/// <summary>
/// Resolves the escapes of a JSON string that a JSON reader has already accepted. The runtime's own way throws on half a
/// surrogate pair, and an exception per bad record is a cost that others could make us pay.
/// </summary>
internal static class JsonString
{
    /// <param name="raw">What stands between the quotes.</param>
    /// <param name="length">Bytes after resolving.</param>
    /// <returns>False when an escape gives one half of a surrogate pair without the other.</returns>
    public static bool TryMeasure(ReadOnlySpan<byte> raw, out int length)
    {
        length = 0;
        while (true)
        {
            var plain = raw.IndexOf((byte)'\\');
            if (plain < 0)
            {
                length += raw.Length;
                return true;
            }

            if (!TryReadEscape(raw[plain..], out var rune, out var consumed))
            {
                return false;
            }

            length += plain + rune.Utf8SequenceLength;
            raw = raw[(plain + consumed)..];
        }
    }

    /// <param name="raw">A string that <see cref="TryMeasure"/> accepted.</param>
    /// <param name="destination">Room for the length it gave.</param>
    public static void Unescape(ReadOnlySpan<byte> raw, Span<byte> destination)
    {
        while (true)
        {
            var plain = raw.IndexOf((byte)'\\');
            if (plain < 0)
            {
                raw.CopyTo(destination);
                return;
            }

            raw[..plain].CopyTo(destination);
            var accepted = TryReadEscape(raw[plain..], out var rune, out var consumed);
            Debug.Assert(accepted, "The string was measured before.");
            destination = destination[(plain + rune.EncodeToUtf8(destination[plain..]))..];
            raw = raw[(plain + consumed)..];
        }
    }

    /// <summary>The string itself when it has no escapes, else resolved into <paramref name="scratch"/>.</summary>
    /// <returns>False when half a surrogate pair stands alone, or the scratch is too small.</returns>
    public static bool TryResolve(ReadOnlySpan<byte> raw, bool escaped, Span<byte> scratch, out ReadOnlySpan<byte> resolved)
    {
        resolved = raw;
        if (!escaped)
        {
            return true;
        }

        if (!TryMeasure(raw, out var length) || length > scratch.Length)
        {
            return false;
        }

        Unescape(raw, scratch);
        resolved = scratch[..length];
        return true;
    }

    private static bool TryReadEscape(ReadOnlySpan<byte> escape, out Rune rune, out int consumed)
    {
        consumed = 2;
        if (escape[1] != 'u')
        {
            rune = new Rune(escape[1] switch
            {
                (byte)'b' => '\b',
                (byte)'f' => '\f',
                (byte)'n' => '\n',
                (byte)'r' => '\r',
                (byte)'t' => '\t',
                var itself => (char)itself, // quote, backslash, slash
            });
            return true;
        }

        consumed = 6;
        var first = CodeUnit(escape);
        if (!char.IsSurrogate(first))
        {
            rune = new Rune(first);
            return true;
        }

        consumed = 12;
        rune = default;
        return escape.Length >= 12 && escape[6] == '\\' && escape[7] == 'u' && Rune.TryCreate(first, CodeUnit(escape[6..]), out rune);
    }

    private static char CodeUnit(ReadOnlySpan<byte> escape)
        => (char)ushort.Parse(escape.Slice(2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
