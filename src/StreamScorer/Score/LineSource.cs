using System.Globalization;
using StreamScorer.Consume;

namespace StreamScorer.Score;

/// <summary>Fills the intake from lines, waiting while it is full: a file, unlike a consumer, can wait.</summary>
internal sealed class LineSource(Lines lines, Intake intake, TimeProvider time)
{
    /// <summary>Read ahead of the model: several micro-batches, so that it never waits for the disk.</summary>
    private const int MaxWaiting = 16_384;

    /// <summary>Runs to the end of the input, or until <paramref name="stop"/>: then the lines that nothing has begun are left, and what is in work is still scored.</summary>
    public async Task RunAsync(CancellationToken stop, CancellationToken abort)
    {
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var stopping = stop.UnsafeRegister(_ => stopped.TrySetResult(), null);
        using var stopOrAbort = CancellationTokenSource.CreateLinkedTokenSource(stop, abort);

        // A thread of its own, because reading can block for as long as a terminal or a pipe is silent; a stop does not wait for it.
        var reading = Task.Factory.StartNew(() => Run(stopOrAbort.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        if (await Task.WhenAny(reading, stopped.Task) == reading && !stop.IsCancellationRequested)
        {
            await reading;
            return;
        }

        // In this order: what the reader still adds after the first call is void, so the output ends without a gap.
        intake.Complete();
        intake.Withdraw(_ => true);
    }

    private void Run(CancellationToken end)
    {
        try
        {
            long number = 0;
            foreach (var line in lines.Read().TakeWhile(_ => !end.IsCancellationRequested))
            {
                intake.WaitForRoom(waiting => waiting.Records >= MaxWaiting, end);
                number++;
                intake.Add(new SourceRecord(
                    "score", 0, number, 0, Key: null, line.Value, Headers: null, ConsumedAt: 0, time.GetTimestamp(),
                    Id: line.Id ?? number.ToString(CultureInfo.InvariantCulture)));
            }

            intake.Complete();
        }
        catch (Exception fault)
        {
            // Fatal tier: the reader's fault ends the run, and downstream must see it.
            intake.Complete(end.IsCancellationRequested ? null : fault);
            throw;
        }
    }
}
