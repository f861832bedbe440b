using System.Globalization;
using System.Text;

namespace StreamScorer.Demo;

/// <summary>
/// Makes text that strangers wrote safe to print: nothing of it can move the cursor, change colours, set the window title, open a link,
/// turn the direction of the line, or hide. For the terminal only; what is scored and published is never changed.
/// </summary>
internal static class TerminalText
{
    /// <summary>Stands for what must not be printed, so that a reader sees that something was there.</summary>
    private const char Removed = '\u00B7';

    /// <summary>More combining marks on one character climb over the lines above and below.</summary>
    private const int MaxMarks = 2;

    /// <summary>One line of at most <paramref name="maxCharacters"/> characters, marks not counted; what was cut is marked by an ellipsis.</summary>
    public static string Clean(string text, int maxCharacters = 200)
    {
        var line = new StringBuilder(Math.Min(text.Length, maxCharacters) + 1);
        var (characters, marks) = (0, 0);
        foreach (var rune in text.EnumerateRunes())
        {
            var category = Rune.GetUnicodeCategory(rune);
            if (category is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.SpacingCombiningMark)
            {
                if (marks++ < MaxMarks && line.Length > 0 && !IsVariationSelector(rune))
                {
                    line.Append(rune);
                }

                continue;
            }

            marks = 0;
            var printed = Printable(rune, category);
            if (printed.Value == ' ' && (line.Length == 0 || line[^1] == ' '))
            {
                continue;
            }

            if (++characters > maxCharacters)
            {
                return line.ToString().TrimEnd() + '…';
            }

            line.Append(printed);
        }

        return line.ToString().TrimEnd();
    }

    private static Rune Printable(Rune rune, UnicodeCategory category) => category switch
    {
        // Line ends, tabs and wide spaces; the other controls begin terminal sequences.
        UnicodeCategory.Control when Rune.IsWhiteSpace(rune) => new Rune(' '),
        UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator => new Rune(' '),

        // Format: direction overrides and isolates, invisible and tag characters. Unassigned and private: who knows how wide.
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
            or UnicodeCategory.Surrogate => new Rune(Removed),
        _ => rune,
    };

    /// <summary>They change how wide the character before is drawn, and terminals do not agree by how much.</summary>
    private static bool IsVariationSelector(Rune rune) => rune.Value is (>= 0xFE00 and <= 0xFE0F) or (>= 0xE0100 and <= 0xE01EF);
}
