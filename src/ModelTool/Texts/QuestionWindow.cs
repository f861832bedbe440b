using System.Text;
using StreamScorer.Shared.Encode;

namespace ModelTool.Texts;

/// <summary>A question and a window of its context, as the model reads them: [CLS] question [SEP] window [SEP].</summary>
/// <param name="First">Index of the window's first token.</param>
/// <param name="Offsets">Where each token of the window stands in the context, in bytes.</param>
internal sealed record QuestionWindow(Question Question, int[] Ids, int[] Segments, int First, TokenOffset[] Offsets)
{
    /// <summary>Tokens of an answer at most, as in BERT's run_squad.py: longer ones are nearly always wrong.</summary>
    private const int LongestAnswer = 30;

    /// <summary>Indices of the answer's first and last token; null where the window does not hold all of it.</summary>
    public (int Start, int End)? Find(Answer answer)
    {
        var start = Array.FindIndex(Offsets, token => token.End > answer.Start);
        var end = Array.FindLastIndex(Offsets, token => token.Start < answer.End);

        // A window's edge token would match what lies beyond it, so what it covers decides.
        return start >= 0 && end >= start && Offsets[start].Start < answer.End && Offsets[end].End > answer.Start && Covers(answer)
            ? (First + start, First + end)
            : null;
    }

    /// <summary>The likeliest answer in the window: the largest sum of a start's logit and an end's.</summary>
    /// <param name="starts">By token of <see cref="Ids"/>.</param>
    /// <param name="ends">By token of <see cref="Ids"/>.</param>
    public (float Score, string Text) Best(ReadOnlySpan<float> starts, ReadOnlySpan<float> ends)
    {
        var (score, from, to) = (float.NegativeInfinity, -1, -1);
        for (var start = 0; start < Offsets.Length; start++)
        {
            for (var end = start; end < Math.Min(start + LongestAnswer, Offsets.Length); end++)
            {
                if (starts[First + start] + ends[First + end] is var sum && sum > score)
                {
                    (score, from, to) = (sum, start, end);
                }
            }
        }

        return (score, from < 0 ? "" : Encoding.UTF8.GetString(Question.Context.AsSpan(Offsets[from].Start..Math.Max(Offsets[from].Start, Offsets[to].End))));
    }

    private bool Covers(Answer answer) => Offsets[0].Start <= answer.Start && Offsets[^1].End >= answer.End;
}

/// <summary>Cuts questions with their contexts into windows of a model's length.</summary>
internal sealed class QuestionEncoder
{
    /// <summary>Tokens that neighbouring windows share, as in BERT's run_squad.py; half a window where that is less.</summary>
    private const int Overlap = 128;

    private const int Controls = 3;

    private readonly BertTokenizer _tokenizer;
    private readonly int _maxTokens;

    /// <exception cref="ToolException">The limit leaves no room.</exception>
    public QuestionEncoder(BertTokenizer tokenizer, int maxTokens)
    {
        (_tokenizer, _maxTokens) = (tokenizer, maxTokens);
        if (maxTokens < 2 * Controls)
        {
            throw new ToolException($"max_tokens is {maxTokens}: a question with its text needs at least {2 * Controls}.");
        }
    }

    /// <summary>At least one; a question keeps at most half of a window.</summary>
    public IEnumerable<QuestionWindow> Cut(Question question)
    {
        var asked = new int[(_maxTokens - Controls) / 2];
        asked = asked[.._tokenizer.Tokenize(Encoding.UTF8.GetBytes(question.Text), asked, out _)];
        var context = new int[question.Context.Length]; // a token has at least one byte
        var offsets = new TokenOffset[context.Length];
        var tokens = _tokenizer.TokenizeWithOffsets(question.Context, context, offsets, out _);
        var room = _maxTokens - Controls - asked.Length;
        foreach (var window in TokenWindow.Cut(tokens, room, Math.Min(Overlap, room / 2)))
        {
            var ids = new int[Controls + asked.Length + window.Length];
            var segments = new int[ids.Length];
            _tokenizer.AssemblePair(asked, context.AsSpan(window.Start, window.Length), ids, segments);
            yield return new QuestionWindow(question, ids, segments, asked.Length + 2, offsets[window.Start..(window.Start + window.Length)]);
        }
    }
}
