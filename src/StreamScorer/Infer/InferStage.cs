using System.Threading.Channels;
using StreamScorer.Consume;
using StreamScorer.Operate;
using StreamScorer.Shared.Group;
using StreamScorer.Shared.Infer;
using StreamScorer.Shared.Judge;

namespace StreamScorer.Infer;

/// <summary>Owns the device: runs the model on the token batches of a micro-batch, one after the other, and judges the logits.</summary>
internal sealed class InferStage(IScorer scorer, SegmentPool pool, PolicyJudge judge, MicroBatchLimit limit, Telemetry telemetry, HealthState health, TimeProvider time)
{
    /// <summary>Runs until <paramref name="input"/> is completed and drained, then completes <paramref name="output"/>.</summary>
    public async Task RunAsync(ChannelReader<MicroBatch> input, ChannelWriter<MicroBatch> output, CancellationToken abort)
    {
        try
        {
            while (await input.WaitToReadAsync(abort))
            {
                while (input.TryRead(out var batch))
                {
                    // Its own thread for the time of the call, because a model call blocks for as long as it computes.
                    await Task.Factory.StartNew(() => Score(batch, abort), abort, TaskCreationOptions.LongRunning, TaskScheduler.Default);
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

    private void Score(MicroBatch batch, CancellationToken abort)
    {
        health.Turned("infer");
        var grouping = batch.Grouping ?? throw new InvalidOperationException("A micro-batch came to Infer before Group. This is a bug.");
        var logits = new float[grouping.Rows * scorer.LogitCount];
        var spans = new (long Start, long Ticks)[grouping.Rows];
        var started = time.GetTimestamp();
        foreach (var tokens in grouping.Batches)
        {
            abort.ThrowIfCancellationRequested();
            Run(tokens, logits, spans);
        }

        var seconds = time.GetElapsedTime(started).TotalSeconds;
        limit.Observe(batch.Bytes, seconds);
        telemetry.Step("infer", seconds);
        Judge(batch, grouping, logits, spans);
        batch.ReleaseTokens();
    }

    private void Run(TokenBatch tokens, float[] logits, (long Start, long Ticks)[] spans)
    {
        var start = time.GetTimestamp();
        health.DeviceAsked();
        scorer.Score(tokens, logits.AsSpan(tokens.FirstRow * scorer.LogitCount, tokens.Rows * scorer.LogitCount));
        Array.Fill(spans, (start, time.GetTimestamp() - start), tokens.FirstRow, tokens.Rows);
        telemetry.TokenBatch(tokens.Rows, tokens.Tokens, scorer.Pads ? tokens.Rows * tokens.LongestRow : tokens.Tokens);
        health.DeviceAnswered();
    }

    private void Judge(MicroBatch batch, Grouping grouping, float[] logits, (long Start, long Ticks)[] spans)
    {
        var started = time.GetTimestamp();
        var segment = 0;
        foreach (var entry in batch.Scorable)
        {
            entry.Verdict = judge.Decide(pool.Logits(logits, grouping, segment, entry.SegmentCount), entry.Post!.Language);
            (entry.InferStart, entry.InferTicks) = Span(grouping, spans, segment, entry.SegmentCount);
            segment += entry.SegmentCount;
        }

        telemetry.Step("judge", time.GetElapsedTime(started).TotalSeconds);
    }

    /// <summary>From the start of the first call that a text was part of to the end of the last one.</summary>
    private static (long Start, long Ticks) Span(Grouping grouping, (long Start, long Ticks)[] spans, int first, int count)
    {
        var (start, ticks) = spans[grouping.RowOf(first)];
        for (var i = first + 1; i < first + count; i++)
        {
            var other = spans[grouping.RowOf(i)];
            var end = Math.Max(start + ticks, other.Start + other.Ticks);
            start = Math.Min(start, other.Start);
            ticks = end - start;
        }

        return (start, ticks);
    }
}
