using System.Runtime.CompilerServices;
using System.Text;

namespace StreamScorer.Shared.Encode;

internal static class Utf8
{
    /// <summary>The code point at <paramref name="at"/>, U+FFFD for an invalid sequence, and its length in bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Decode(ReadOnlySpan<byte> text, int at, out int codePoint)
    {
        int first = text[at];
        if (first < 0x80)
        {
            codePoint = first;
            return 1;
        }

        // Two and three bytes here, without overlong forms and surrogates; all else is rare enough for the library.
        if (at + 2 < text.Length && first is >= 0xC2 and < 0xF0)
        {
            int second = text[at + 1] ^ 0x80;
            if (first < 0xE0)
            {
                codePoint = ((first & 0x1F) << 6) | second;
                if (second < 0x40)
                {
                    return 2;
                }
            }
            else
            {
                var third = text[at + 2] ^ 0x80;
                codePoint = ((first & 0x0F) << 12) | (second << 6) | third;
                if ((second | third) < 0x40 && codePoint >= 0x800 && (codePoint & 0xF800) != 0xD800)
                {
                    return 3;
                }
            }
        }

        Rune.DecodeFromUtf8(text[at..], out var rune, out var length);
        codePoint = rune.Value;
        return length;
    }

    /// <summary>Writes a code point and returns its length in bytes; there must be room for four.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Encode(int codePoint, Span<byte> target)
    {
        if (codePoint < 0x80)
        {
            target[0] = (byte)codePoint;
            return 1;
        }

        if (codePoint < 0x800)
        {
            target[1] = (byte)(0x80 | (codePoint & 0x3F));
            target[0] = (byte)(0xC0 | (codePoint >> 6));
            return 2;
        }

        if (codePoint < 0x10000)
        {
            target[2] = (byte)(0x80 | (codePoint & 0x3F));
            target[1] = (byte)(0x80 | ((codePoint >> 6) & 0x3F));
            target[0] = (byte)(0xE0 | (codePoint >> 12));
            return 3;
        }

        target[3] = (byte)(0x80 | (codePoint & 0x3F));
        target[2] = (byte)(0x80 | ((codePoint >> 6) & 0x3F));
        target[1] = (byte)(0x80 | ((codePoint >> 12) & 0x3F));
        target[0] = (byte)(0xF0 | (codePoint >> 18));
        return 4;
    }
}
