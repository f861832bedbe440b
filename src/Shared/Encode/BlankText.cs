using System.Globalization;
using System.Text;

namespace StreamScorer.Shared.Encode;

/// <summary>Texts that no model can read anything in.</summary>
public static class BlankText
{
    /// <summary>
    /// Whether there is nothing to read whatever the model: white space, controls (U+0000 among them), invisible format
    /// characters (zero-width space and joiners, soft hyphen), U+FFFD. What a given tokenizer drops beyond that, such as lone accents, is not looked for.
    /// </summary>
    public static bool Is(ReadOnlySpan<byte> utf8)
    {
        while (!utf8.IsEmpty)
        {
            Rune.DecodeFromUtf8(utf8, out var rune, out var consumed);
            var isHidden = Rune.IsWhiteSpace(rune) || rune == Rune.ReplacementChar
                || Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format;
            if (!isHidden)
            {
                return false;
            }

            utf8 = utf8[consumed..];
        }

        return true;
    }
}
