using System.Runtime.ExceptionServices;
using System.Threading.Channels;
using StreamScorer.Consume;
using StreamScorer.Encode;
using StreamScorer.Infer;
using StreamScorer.Publish;

namespace StreamScorer;

/// <summary>
/// Connects the stages: Consume → Intake → Encode → Infer → Compose → Publish → (Ledger) → Consume. The only place that knows who is connected to whom.
/// </summary>
internal sealed class Pipeline(Intake intake, EncodeStage encode, InferStage infer)
{
    /// <summary>Runs from Kafka to Kafka until <paramref name="stop"/>, then drains.</summary>
    /// <param name="drainLimit">Time for the drain after a stop; over it everything is aborted.</param>
    /// <exception cref="TimeoutException">The drain limit was over.</exception>
    /// <exception cref="Exception">The first failure of a stage; the others have ended by then.</exception>
    public Task RunAsync(ConsumeStage consume, ComposeStage compose, IPublishStage publish, TimeSpan drainLimit, CancellationToken stop)
        => RunAsync(abort => consume.RunAsync(stop, abort), compose, publish, drainLimit, stop);

    /// <summary>Runs from any source that fills the intake to Kafka.</summary>
    public Task RunAsync(Func<CancellationToken, Task> source, ComposeStage compose, IPublishStage publish, TimeSpan drainLimit, CancellationToken stop)
    {
        // What is scored while a transaction is committed waits here, so that the device need not. A commit takes some tens of milliseconds,
        // and a GPU may be done with a small micro-batch in a few; a longer commit makes the next micro-batches larger.
        var composed = Stage(4);
        return RunAsync(source, (scored, abort) => [compose.RunAsync(scored, composed.Writer, abort), publish.RunAsync(composed.Reader, abort)], drainLimit, stop);
    }

    /// <summary>Runs from any source that fills the intake to any sink that takes scored micro-batches in order.</summary>
    public Task RunAsync(Func<CancellationToken, Task> source, Func<ChannelReader<MicroBatch>, CancellationToken, Task> sink, TimeSpan drainLimit, CancellationToken stop)
        => RunAsync(source, (scored, abort) => [sink(scored, abort)], drainLimit, stop);

    private async Task RunAsync(Func<CancellationToken, Task> source, Func<ChannelReader<MicroBatch>, CancellationToken, Task[]> sinks, TimeSpan drainLimit, CancellationToken stop)
    {
        using var late = new CancellationTokenSource();
        using var drain = stop.UnsafeRegister(_ => late.CancelAfter(drainLimit), null);
        using var abort = CancellationTokenSource.CreateLinkedTokenSource(late.Token);

        // One micro-batch ahead is enough to keep the device busy, and little to redo after a crash.
        var encoded = Stage(1);

        // One micro-batch may wait while the records of the one before it are made, so that the device need not.
        var scored = Stage(1);

        Task[] stages =
        [
            source(abort.Token),
            encode.RunAsync(intake, encoded.Writer, abort.Token),
            infer.RunAsync(encoded.Reader, scored.Writer, abort.Token),
            .. sinks(scored.Reader, abort.Token),
        ];

        try
        {
            await foreach (var stage in Task.WhenEach(stages))
            {
                await stage; // the first failure surfaces here, while the others still run
            }
        }
        catch
        {
            await abort.CancelAsync();
            await Task.WhenAll(stages).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

            // A stage that was merely aborted can end before the one that has the reason to tell.
            var fault = stages.Select(stage => stage.Exception?.InnerException).FirstOrDefault(e => e is not null and not OperationCanceledException);
            if (fault is not null)
            {
                ExceptionDispatchInfo.Throw(fault);
            }

            throw new TimeoutException($"The drain limit of {drainLimit} (Pipeline:DrainTimeout) is over and records are still in flight; they are not committed and will be read again.");
        }
    }

    private static Channel<MicroBatch> Stage(int capacity)
        => Channel.CreateBounded<MicroBatch>(new BoundedChannelOptions(capacity) { SingleReader = true, SingleWriter = true });
}
