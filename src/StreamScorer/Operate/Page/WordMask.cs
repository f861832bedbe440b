using System.Text;

namespace StreamScorer.Operate.Page;

/// <summary>Hides words of posts on screens that others see.</summary>
internal static class WordMask
{
    /// <summary>The text with all but the first letter of every word as asterisks.</summary>
    public static string Of(string text)
    {
        var inWord = false;
        return string.Concat(text.EnumerateRunes().Select(rune =>
        {
            var hide = inWord && Rune.IsLetterOrDigit(rune);
            inWord = Rune.IsLetterOrDigit(rune) || (inWord && rune.Value is '\'' or '\u2019');
            return hide ? "*" : rune.ToString();
        }));
    }
}
