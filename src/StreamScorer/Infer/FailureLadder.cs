using Microsoft.Extensions.Logging;
using StreamScorer.Operate;
using StreamScorer.Shared.Group;
using StreamScorer.Shared.Infer;

namespace StreamScorer.Infer;

/// <summary>
/// Calls the model, and goes down step by step when it fails: out of memory → smaller calls; what may go away → the same call again, a few times with doubling
/// waits; else halves, down to the one row that fails alone, while the others are scored. A row is given up only when the model still scores what it scored at
/// start, and not when too many are: then it is the device or the model that is broken, and the worker must end instead of emptying the stream into the dead letters.
/// </summary>
internal sealed partial class FailureLadder(IScorer scorer, InferOptions options, GroupOptions grouping, CallWatch watch, Telemetry telemetry, HealthState health, TimeProvider time, ILogger<FailureLadder> logger)
{
    private static readonly TimeSpan FirstWait = TimeSpan.FromMilliseconds(50);

    /// <summary>The first rows that every scorer is warmed up with.</summary>
    private static readonly TokenBatch Probe = Grouper.Cut([new int[3]], new GroupOptions()).Batches[0];

    private readonly float[] _probed = new float[scorer.LogitCount];
    private readonly TokenBudget _budget = new(grouping.MaxTokens, time);
    private readonly FailedShare _failed = new();
    private readonly LogGate _gate = new(time);

    /// <summary>Scores every row, or says why it cannot be scored.</summary>
    /// <exception cref="InferenceException">It is not the posts: the device or the model is broken.</exception>
    public RowScores Score(Grouping batch, CancellationToken abort)
    {
        var scores = new RowScores(batch.Rows, scorer.LogitCount);
        _failed.Begin();
        foreach (var tokens in batch.Batches)
        {
            Score(tokens, scores, options.Retries, abort);
        }

        telemetry.TokenBudget(_budget.Tokens);
        return !_failed.IsTooLarge ? scores : throw new InferenceException(
            $"The model failed on {_failed.Failed} of the last {_failed.All} posts, each of them alone: it, or the device, is broken. Nothing of this micro-batch is committed. Try the bundle with 'streamscorer check'.");
    }

    private void Score(TokenBatch tokens, RowScores scores, int retries, CancellationToken abort)
    {
        if (tokens.Rows > 1 && !_budget.Holds(Weight(tokens)))
        {
            ScoreHalves(tokens, scores, retries, abort);
            return;
        }

        // The parts of a call that failed are not waited for one by one; a single row, before it is given up, is.
        var fault = Try(tokens, scores, tokens.Rows == 1 ? options.Retries : retries, abort);
        switch (fault?.Failure)
        {
            case null:
                _failed.Count(tokens.Rows, failed: 0);
                break;
            case InferenceFailure.OutOfMemory when tokens.Rows > 1:
                _budget.Halve(Weight(tokens));
                LogOutOfMemory(logger, Weight(tokens), _budget.Tokens);
                ScoreHalves(tokens, scores, retries, abort);
                break;
            case var _ when tokens.Rows > 1:
                ScoreHalves(tokens, scores, retries: 0, abort);
                break;
            default:
                GiveUp(tokens, scores, fault!, abort);
                break;
        }
    }

    private void ScoreHalves(TokenBatch tokens, RowScores scores, int retries, CancellationToken abort)
    {
        var half = tokens.Rows / 2;
        Score(tokens.Slice(0, half), scores, retries, abort);
        Score(tokens.Slice(half, tokens.Rows - half), scores, retries, abort);
    }

    private InferenceException? Try(TokenBatch tokens, RowScores scores, int retries, CancellationToken abort)
    {
        var start = time.GetTimestamp();
        var fault = Try(tokens, scores.LogitsOf(tokens.FirstRow, tokens.Rows), retries, abort, ref start);
        if (fault is null)
        {
            var took = time.GetTimestamp() - start;
            scores.Took(tokens.FirstRow, tokens.Rows, start, took);
            telemetry.ModelCall((double)took / time.TimestampFrequency);
            telemetry.TokenBatch(tokens.Rows, tokens.Tokens, Weight(tokens));
        }

        return fault;
    }

    /// <param name="start">When the call began that scored them.</param>
    /// <returns>The last fault; null when they are scored.</returns>
    private InferenceException? Try(TokenBatch tokens, Span<float> logits, int retries, CancellationToken abort, ref long start)
    {
        var wait = FirstWait;
        for (var attempt = 0; ; attempt++)
        {
            abort.ThrowIfCancellationRequested();
            try
            {
                start = time.GetTimestamp();
                Call(tokens, logits);
                return null;
            }
            catch (InferenceException e) when (e.Failure != InferenceFailure.Device)
            {
                var mayGoAway = e.Failure == InferenceFailure.Transient || (e.Failure == InferenceFailure.OutOfMemory && tokens.Rows == 1);
                if (!mayGoAway || attempt == retries)
                {
                    return e;
                }

                if (_gate.Opens(1302, (int)e.Failure, out var more))
                {
                    LogAgain(logger, tokens.Rows, wait, e.Failure, more);
                }

                Task.Delay(wait, time, abort).GetAwaiter().GetResult();
                wait *= 2;
            }
        }
    }

    private void Call(TokenBatch tokens, Span<float> logits)
    {
        health.Turned("infer");
        health.DeviceAsked();
        watch.Begin();
        try
        {
            scorer.Score(tokens, logits);
        }
        catch (InferenceException e)
        {
            telemetry.InferenceFailed(e.Failure);
            throw;
        }
        finally
        {
            watch.End();
            health.DeviceAnswered();
        }
    }

    private void GiveUp(TokenBatch row, RowScores scores, InferenceException fault, CancellationToken abort)
    {
        if (fault.Failure == InferenceFailure.OutOfMemory)
        {
            throw new InferenceException(
                $"The device {scorer.Device} has no memory left for a single post of {row.Tokens} tokens, and at start it had for one of the model's longest. Free memory on it. ({fault.Message})", fault, fault.Failure);
        }

        var start = 0L;
        if (Try(Probe, _probed, options.Retries, abort, ref start) is { } broken)
        {
            throw new InferenceException($"The model fails on what it scored at start, so it is not the posts: the device {scorer.Device} is broken. Nothing of this micro-batch is committed. ({broken.Message})", broken, broken.Failure);
        }

        _failed.Count(scored: 0, failed: 1);
        scores.Fail(row.FirstRow, $"The model fails on this post alone, while it scores others. {fault.Message}");
        if (_gate.Opens(1303, (int)fault.Failure, out var more))
        {
            LogGivenUp(logger, row.Tokens, fault.Failure, more);
        }
    }

    /// <summary>Tokens that the device works on.</summary>
    private int Weight(TokenBatch tokens) => scorer.Pads ? tokens.Rows * tokens.LongestRow : tokens.Tokens;

    /// <summary>Something else takes memory on the device, or <c>Group:MaxTokens</c> is more than it holds. The posts are scored, in smaller calls.</summary>
    /// <remarks>Look at what else runs on the GPU (<c>nvidia-smi</c>). If it comes every minute, lower <c>Group:MaxTokens</c>.</remarks>
    [LoggerMessage(1301, LogLevel.Warning, "The device ran out of memory on a call of {Tokens} tokens; calls are held to {Budget} and grow again by a quarter a minute.")]
    private static partial void LogOutOfMemory(ILogger logger, int tokens, int budget);

    /// <summary>A model call failed for a reason that may pass. At most once in 10 s; <c>streamscorer_inference_failures_total</c> counts all.</summary>
    /// <remarks>If it goes on: the device's own messages (<c>dmesg</c>, Xid of the NVIDIA driver). After <c>Infer:Retries</c> the call is halved, down to the post that fails.</remarks>
    [LoggerMessage(1302, LogLevel.Warning, "A model call of {Rows} posts failed ({Failure}); again after {Wait}.{More}")]
    private static partial void LogAgain(ILogger logger, int rows, TimeSpan wait, InferenceFailure failure, string more);

    /// <summary>The model fails on one post, while it scores others. At most once in 10 s; <c>streamscorer_dead_letters_total{reason="inference"}</c> counts all.</summary>
    /// <remarks>Find it: <c>streamscorer dead-letters list --reason inference</c>. Try it: <c>streamscorer score</c>. Whoever made the model should have it.</remarks>
    [LoggerMessage(1303, LogLevel.Warning, "A post of {Tokens} tokens fails alone ({Failure}) and becomes a dead letter.{More}")]
    private static partial void LogGivenUp(ILogger logger, int tokens, InferenceFailure failure, string more);
}
