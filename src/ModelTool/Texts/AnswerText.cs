using System.Text.RegularExpressions;

namespace ModelTool.Texts;

/// <summary>Compares answers as the evaluation script of SQuAD 1.1 does: without case, ASCII punctuation, articles and extra spaces.</summary>
internal static partial class AnswerText
{
    /// <summary>Whether it is one of the answers.</summary>
    public static bool IsExact(string given, IEnumerable<Answer> answers)
    {
        var words = Normalise(given);
        return answers.Any(answer => words.SequenceEqual(Normalise(answer.Text)));
    }

    /// <summary>F1 of the words that both have, against the answer that fits best; a fraction.</summary>
    public static double F1(string given, IEnumerable<Answer> answers)
    {
        var words = Normalise(given);
        return answers.Max(answer => F1(words, Normalise(answer.Text)));
    }

    private static double F1(string[] given, string[] truth)
    {
        var left = truth.CountBy(word => word).ToDictionary();
        var common = 0;
        foreach (var word in given)
        {
            if (left.TryGetValue(word, out var count) && count > 0)
            {
                left[word] = count - 1;
                common++;
            }
        }

        return common == 0 ? 0 : 2.0 * common / (given.Length + truth.Length);
    }

    private static string[] Normalise(string text)
    {
        var plain = string.Concat(text.ToLowerInvariant().Where(letter => !(char.IsAscii(letter) && (char.IsPunctuation(letter) || char.IsSymbol(letter)))));
        return Articles().Replace(plain, " ").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
    }

    [GeneratedRegex(@"\b(a|an|the)\b")]
    private static partial Regex Articles();
}
