using System.Globalization;
using StreamScorer.Consume;

namespace StreamScorer.Score;

/// <summary>Fills the intake from lines, waiting while it is full: a file, unlike a consumer, can wait.</summary>
internal sealed class LineSource(Lines lines, Intake intake, TimeProvider time)
{
    /// <summary>Read ahead of the model: several micro-batches, so that it never waits for the disk.</summary>
    private const int MaxWaiting = 16_384;

    public Task RunAsync(CancellationToken stop, CancellationToken abort)
        => Task.Factory.StartNew(() => Run(stop, abort), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private void Run(CancellationToken stop, CancellationToken abort)
    {
        using var room = new SemaphoreSlim(0);
        void Taken() => room.Release();
        intake.Taken += Taken;
        try
        {
            long number = 0;
            foreach (var line in lines.Read().TakeWhile(_ => !stop.IsCancellationRequested))
            {
                while (intake.Waiting.Records >= MaxWaiting)
                {
                    room.Wait(abort);
                }

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
            intake.Complete(fault);
            throw;
        }
        finally
        {
            intake.Taken -= Taken;
        }
    }
}
