using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using StreamScorer;
using StreamScorer.Configure;
using StreamScorer.Shared.Infer;

namespace Bench;

/// <summary>A whole worker over records that wait for it.</summary>
internal static class WorkerRun
{
    /// <summary>From the first record handed on to the last outcome that is final; joining the group and loading the model are left out.</summary>
    /// <param name="wrap">Puts something before the model, or in its place.</param>
    public static async Task<(double PerSecond, long MicroBatches)> MeasureAsync(Settings settings, int count, Func<IScorer, IScorer>? wrap = null)
    {
        await using var worker = await Worker.OpenAsync(settings, NullLoggerFactory.Instance, TimeProvider.System, wrap);
        using var stop = new CancellationTokenSource();
        var run = worker.RunAsync(stop.Token);
        long started = 0;
        while (true)
        {
            var snapshot = worker.Telemetry.Read();
            started = started == 0 && snapshot.Consumed > 0 ? Stopwatch.GetTimestamp() : started;
            if (snapshot.Scored + snapshot.DeadLettered + snapshot.Filtered >= count)
            {
                break;
            }

            await Task.WhenAny(run, Task.Delay(2, CancellationToken.None));
            if (run.IsCompleted)
            {
                await run;
            }
        }

        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        await stop.CancelAsync();
        await run;
        return (count / seconds, worker.Telemetry.Read().MicroBatches);
    }
}
