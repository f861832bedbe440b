using System.Threading.Channels;
using StreamScorer.Consume;
using StreamScorer.Operate;
using StreamScorer.Recover;
using StreamScorer.Shared.Contracts;
using StreamScorer.Shared.Group;
using StreamScorer.Shared.Infer;
using StreamScorer.Shared.Judge;

namespace StreamScorer.Infer;

/// <summary>Owns the device: runs the model on the token batches of a micro-batch, one after the other, and judges the logits.</summary>
internal sealed class InferStage(FailureLadder ladder, CallWatch watch, SegmentPool pool, Func<PolicyJudge> policy, MicroBatchLimit limit, CrashGuard guard, Telemetry telemetry, HealthState health, TimeProvider time)
{
    /// <summary>Runs until <paramref name="input"/> is completed and drained, then completes <paramref name="output"/>.</summary>
    public async Task RunAsync(ChannelReader<MicroBatch> input, ChannelWriter<MicroBatch> output, CancellationToken abort)
    {
        using var aborted = abort.UnsafeRegister(_ => watch.Hurry(), null);
        using var device = new CallThread("infer"); // a model call blocks for as long as it computes
        try
        {
            while (await input.WaitToReadAsync(abort))
            {
                while (input.TryRead(out var batch))
                {
                    abort.ThrowIfCancellationRequested();
                    await AnsweredAsync(device.RunAsync(() => Score(batch, abort)));
                    guard.Leave();
                    await output.WriteAsync(batch, abort);
                    health.Rests("infer");
                }
            }

            health.Ended("infer");
            output.Complete();
        }
        catch (Exception fault)
        {
            // Fatal tier: nothing of this micro-batch is published or committed, so it will be read again.
            output.TryComplete(fault);
            throw;
        }
    }

    /// <summary>Waits for the model, and leaves its thread to itself when a call does not come back.</summary>
    private async Task AnsweredAsync(Task work)
    {
        if (await Task.WhenAny(work, watch.Overdue) == work)
        {
            await work;
            return;
        }

        throw new InferenceException(
            $"A model call has not come back within {await watch.Overdue} (Infer:CallTimeout, and 5 s once the worker gives up waiting). A restart reads again what was in flight.", InferenceFailure.Device);
    }

    private void Score(MicroBatch batch, CancellationToken abort)
    {
        health.Turned("infer");
        var grouping = batch.Grouping ?? throw new InvalidOperationException("A micro-batch came to Infer before Group. This is a bug.");
        var started = time.GetTimestamp();
        var scores = ladder.Score(grouping, abort);
        limit.Observe(batch.Bytes, (double)scores.Ticks / time.TimestampFrequency);
        telemetry.Step("infer", time.GetElapsedTime(started).TotalSeconds);
        batch.Trace?.Step("infer", started);
        Judge(batch, grouping, scores);
        batch.ReleaseTokens();
    }

    private void Judge(MicroBatch batch, Grouping grouping, RowScores scores)
    {
        var started = time.GetTimestamp();
        var judge = policy(); // one for all of the micro-batch
        var segment = 0;
        foreach (var entry in batch.Scorable)
        {
            if (Fault(grouping, scores, segment, entry.SegmentCount) is { } fault)
            {
                entry.Reject = new Reject(RejectReason.Inference, fault);
                entry.Post = null;
            }
            else
            {
                entry.Verdict = judge.Decide(pool.Logits(scores.Logits, grouping, segment, entry.SegmentCount), entry.Post!.Language);
                (entry.InferStart, entry.InferTicks) = Span(grouping, scores, segment, entry.SegmentCount);
            }

            segment += entry.SegmentCount;
        }

        telemetry.Step("judge", time.GetElapsedTime(started).TotalSeconds);
        batch.Trace?.Step("judge", started);
    }

    /// <summary>Why a text cannot be scored: a segment of it cannot.</summary>
    private static string? Fault(Grouping grouping, RowScores scores, int first, int count)
    {
        for (var segment = first; segment < first + count; segment++)
        {
            if (scores.Fault(grouping.RowOf(segment)) is { } fault)
            {
                return fault;
            }
        }

        return null;
    }

    /// <summary>From the start of the first call that a text was part of to the end of the last one.</summary>
    private static (long Start, long Ticks) Span(Grouping grouping, RowScores scores, int first, int count)
    {
        var (start, end) = (long.MaxValue, 0L);
        for (var segment = first; segment < first + count; segment++)
        {
            var call = scores.Span(grouping.RowOf(segment));
            (start, end) = (Math.Min(start, call.Start), Math.Max(end, call.Start + call.Ticks));
        }

        return (start, end - start);
    }
}
