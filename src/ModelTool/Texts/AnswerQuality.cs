namespace ModelTool.Texts;

/// <summary>A question and what a model answered; <paramref name="F1"/> is of the words.</summary>
internal sealed record GivenAnswer(string Id, bool IsExact, double F1);

/// <summary>How well questions were answered, as the evaluation script of SQuAD 1.1 counts. Fractions; null without questions.</summary>
/// <param name="Exact">Share answered as somebody marked it.</param>
/// <param name="F1">Mean over questions of the F1 of the words.</param>
internal sealed record AnswerQuality(int Questions, double? Exact, double? F1)
{
    public static AnswerQuality Of(IReadOnlyList<GivenAnswer> answers) => answers.Count == 0
        ? new AnswerQuality(0, null, null)
        : new AnswerQuality(answers.Count, answers.Average(answer => answer.IsExact ? 1.0 : 0.0), answers.Average(answer => answer.F1));
}

/// <summary>Collects the best answer to each question over its windows.</summary>
internal sealed class AnswerTally
{
    private readonly OrderedDictionary<Question, (float Score, string Text)> _best = new(ReferenceEqualityComparer.Instance);

    /// <param name="starts">Logits by token of the window.</param>
    /// <param name="ends">Logits by token of the window.</param>
    public void Add(QuestionWindow window, ReadOnlySpan<float> starts, ReadOnlySpan<float> ends)
    {
        var best = window.Best(starts, ends);
        if (!_best.TryGetValue(window.Question, out var known) || best.Score > known.Score)
        {
            _best[window.Question] = best;
        }
    }

    /// <summary>In the order in which questions came first.</summary>
    public IReadOnlyList<GivenAnswer> Answers() =>
    [
        .. _best.Select(entry => new GivenAnswer(
            entry.Key.Id, AnswerText.IsExact(entry.Value.Text, entry.Key.Answers), AnswerText.F1(entry.Value.Text, entry.Key.Answers))),
    ];
}
