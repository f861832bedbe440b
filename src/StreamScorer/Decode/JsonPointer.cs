using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace StreamScorer.Decode;

/// <summary>A JSON pointer (RFC 6901), parsed once and matched against UTF-8 bytes.</summary>
internal sealed class JsonPointer
{
    /// <summary>Longest pointer, in bytes of UTF-8; so a longer member name never matches.</summary>
    public const int MaxBytes = 256;

    private readonly byte[][] _names;
    private readonly int[] _indexes;

    private JsonPointer(byte[][] names, int[] indexes) => (_names, _indexes) = (names, indexes);

    /// <summary>Reference tokens; 0: the whole document.</summary>
    public int Count => _names.Length;

    /// <param name="fault">What is wrong, for people; null when it parses.</param>
    public static bool TryParse(string? text, [NotNullWhen(true)] out JsonPointer? pointer, [NotNullWhen(false)] out string? fault)
    {
        pointer = null;
        fault = text is null ? "it is null."
            : text.Length > 0 && text[0] != '/' ? "it must begin with '/'."
            : Encoding.UTF8.GetByteCount(text) > MaxBytes ? $"it is longer than {MaxBytes} bytes."
            : HasBadTilde(text) ? "'~' must be followed by 0 (for '~') or 1 (for '/')."
            : HasLoneSurrogate(text) ? "it is not valid Unicode."
            : null;
        if (fault is not null)
        {
            return false;
        }

        var tokens = text!.Length == 0 ? [] : text[1..].Split('/').Select(Unescape).ToArray();
        pointer = new JsonPointer([.. tokens.Select(Encoding.UTF8.GetBytes)], [.. tokens.Select(Index)]);
        return true;
    }

    /// <summary>Whether the member called <paramref name="name"/> (UTF-8, unescaped) is the way of this pointer at <paramref name="level"/>.</summary>
    public bool Names(int level, ReadOnlySpan<byte> name) => name.SequenceEqual(_names[level]);

    /// <summary>Whether the array element <paramref name="index"/> is the way of this pointer at <paramref name="level"/>.</summary>
    public bool Indexes(int level, int index) => _indexes[level] == index;

    /// <summary>Whether the token at <paramref name="level"/> could name an array element at all.</summary>
    public bool CanIndex(int level) => _indexes[level] >= 0;

    private static string Unescape(string token)
        => token.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);

    // RFC 6901 section 4: digits without a leading zero; "-" names the element after the last, which never exists.
    private static int Index(string token)
        => token == "0" || (token.Length > 0 && token[0] is >= '1' and <= '9'
            && int.TryParse(token, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            ? int.Parse(token, NumberStyles.None, CultureInfo.InvariantCulture)
            : -1;

    private static bool HasBadTilde(string text)
    {
        for (var i = text.IndexOf('~', StringComparison.Ordinal); i >= 0; i = text.IndexOf('~', i + 1))
        {
            if (i + 1 == text.Length || text[i + 1] is not ('0' or '1'))
            {
                return true;
            }
        }

        return false;
    }

    private static bool HasLoneSurrogate(string text)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune == Rune.ReplacementChar && !text.Contains('\uFFFD', StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }
}
