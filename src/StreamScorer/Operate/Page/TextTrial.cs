using StreamScorer.Decode;
using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Contracts;
using StreamScorer.Shared.Encode;
using StreamScorer.Shared.Group;
using StreamScorer.Shared.Infer;
using StreamScorer.Shared.Judge;

namespace StreamScorer.Operate.Page;

/// <summary>What the stream would make of a text.</summary>
/// <param name="Tokens">Pieces of the text, without [CLS] and [SEP]; the first ones of a long text.</param>
/// <param name="TokenCount">Token ids given to the model, as in the scored record.</param>
/// <param name="Milliseconds">Of the model alone.</param>
internal sealed record TrialResult(
    Decision Decision,
    IReadOnlyList<string> Flags,
    IReadOnlyList<Why> Why,
    IReadOnlyList<TrialHead> Heads,
    IReadOnlyList<TrialToken> Tokens,
    int TokenCount,
    int Segments,
    bool Truncated,
    string Model,
    string Policy,
    double Milliseconds);

internal sealed record TrialHead(string Head, IReadOnlyList<TrialLabel> Labels);

/// <param name="Chosen">The head's label, or one of them.</param>
internal sealed record TrialLabel(string Label, float Probability, bool Chosen, float? Review, float? Flag);

/// <param name="Start">UTF-16 units of the text, as JavaScript counts; half open.</param>
internal sealed record TrialToken(string Piece, int Id, int Start, int End);

/// <param name="Reason">In snake case: why there is no result.</param>
internal sealed record TrialRefusal(string Reason, string Message);

/// <summary>
/// Scores single texts beside the stream, on the same device by the same code. One at a time, few may wait, and after each the device belongs to the stream for
/// nine times as long as the text took: whatever somebody types, or a script sends, costs the stream a tenth of the device at most.
/// </summary>
internal sealed class TextTrial(ModelBundle bundle, BertTokenizer tokenizer, PostEncoder encoder, IScorer scorer, Func<PolicyJudge> judge, GroupOptions grouping, TimeProvider time) : IDisposable
{
    /// <summary>One that is scored, and those that wait for it.</summary>
    private const int MaxAsked = 5;

    private const int ShareOfStream = 9;

    /// <summary>A page with more of them is no longer read.</summary>
    private const int MaxTokensShown = 512;

    private readonly SemaphoreSlim _turn = new(1);
    private readonly Lazy<IReadOnlyList<string>> _pieces = new(bundle.LoadPieces);
    private int _asked;
    private long _free;

    /// <returns>Null when too many wait already.</returns>
    /// <exception cref="InferenceException">The model failed on this text; the stream is not touched.</exception>
    /// <exception cref="ObjectDisposedException">The worker ends.</exception>
    public async Task<TrialResult?> ScoreAsync(Post post, EncodedPost encoded, CancellationToken stop)
    {
        if (Interlocked.Increment(ref _asked) > MaxAsked)
        {
            Interlocked.Decrement(ref _asked);
            return null;
        }

        try
        {
            await _turn.WaitAsync(stop);
            try
            {
                if (_free - time.GetTimestamp() is > 0 and var early)
                {
                    await Task.Delay(TimeSpan.FromSeconds((double)early / time.TimestampFrequency), time, stop);
                }

                // Not on this thread: a model call blocks for as long as it, and the stream's call before it, computes.
                return await Task.Run(() => Score(post, encoded), CancellationToken.None);
            }
            finally
            {
                _turn.Release();
            }
        }
        finally
        {
            Interlocked.Decrement(ref _asked);
        }
    }

    /// <returns>Null when the model would read nothing.</returns>
    public EncodedPost? Encode(Post post)
    {
        var encoded = encoder.Encode(post.Text.Span, new int[encoder.Room(post.Text.Length)]);
        return encoded.Ids.Length > Rejects.ControlTokens ? encoded : null;
    }

    public void Dispose() => _turn.Dispose();

    private TrialResult Score(Post post, EncodedPost encoded)
    {
        var rows = new List<ReadOnlyMemory<int>>();
        encoded.AddTo(rows);
        var cut = Grouper.Cut(rows, grouping, scorer.Pads);
        var logits = new float[cut.Rows * scorer.LogitCount];
        var started = time.GetTimestamp();
        foreach (var batch in cut.Batches)
        {
            scorer.Score(batch, logits.AsSpan(batch.FirstRow * scorer.LogitCount, batch.Rows * scorer.LogitCount));
        }

        var ended = time.GetTimestamp();
        _free = ended + (ShareOfStream * (ended - started));
        var policy = judge();
        var verdict = policy.Decide(new SegmentPool(bundle.Manifest).Logits(logits, cut, 0, encoded.Rows), post.Language);
        var identity = bundle.Identity;
        return new TrialResult(
            verdict.Decision,
            verdict.Flags,
            verdict.Why,
            Heads(verdict, policy.Thresholds(post.Language)),
            Tokens(post.Text.Span),
            encoded.Ids.Length,
            encoded.Rows,
            encoded.Truncated,
            $"{identity.Name} {identity.Version}",
            policy.PolicyVersion,
            Math.Round(time.GetElapsedTime(started, ended).TotalMilliseconds, 1));
    }

    private static List<TrialHead> Heads(Verdict verdict, IReadOnlyList<LabelThresholds> thresholds)
    {
        var heads = new List<TrialHead>();
        foreach (var (name, score) in verdict.Heads)
        {
            heads.Add(new TrialHead(name, [.. score.Probabilities.Select(label =>
            {
                var own = thresholds.FirstOrDefault(any => any.Head == name && any.Label == label.Key);
                return new TrialLabel(label.Key, label.Value, label.Key == score.Label || score.Labels?.Contains(label.Key) == true, own?.Review, own?.Flag);
            })]));
        }

        return heads;
    }

    private List<TrialToken> Tokens(ReadOnlySpan<byte> text)
    {
        var room = Math.Min(MaxTokensShown, text.Length);
        var (ids, offsets) = (new int[room], new TokenOffset[room]);
        var count = tokenizer.TokenizeWithOffsets(text, ids, offsets, out _);
        TokenOffset.ToUtf16(text, offsets.AsSpan(0, count));
        var tokens = new List<TrialToken>(count);
        for (var i = 0; i < count; i++)
        {
            tokens.Add(new TrialToken(_pieces.Value[ids[i]], ids[i], offsets[i].Start, offsets[i].End));
        }

        return tokens;
    }
}
