using System.Threading.Channels;
using StreamScorer.Operate;

namespace StreamScorer.Publish;

/// <summary>Makes the records that go out, beside the stage that sends them: that one waits for the brokers most of the time, this one computes.</summary>
internal sealed class ComposeStage(Outcomes outcomes, Telemetry telemetry, HealthState health, TimeProvider time)
{
    // Under this many records per core the hand-over to other threads costs more than it saves.
    private const int RecordsPerTask = 64;

    /// <summary>Runs until <paramref name="input"/> is completed and drained, then completes <paramref name="output"/>.</summary>
    public async Task RunAsync(ChannelReader<MicroBatch> input, ChannelWriter<MicroBatch> output, CancellationToken abort)
    {
        try
        {
            while (await input.WaitToReadAsync(abort))
            {
                while (input.TryRead(out var batch))
                {
                    health.Turned("compose");
                    var started = time.GetTimestamp();
                    Parallel.ForEach(batch.Entries.Chunk(RecordsPerTask), Compose);
                    telemetry.Step("compose", time.GetElapsedTime(started).TotalSeconds);
                    batch.Trace?.Step("compose", started);
                    await output.WriteAsync(batch, abort);
                    health.Rests("compose");
                }
            }

            health.Ended("compose");
            output.Complete();
        }
        catch (Exception fault)
        {
            // Fatal tier: downstream must see why nothing more comes; a plain completion would look like a clean end.
            output.TryComplete(fault);
            throw;
        }
    }

    private void Compose(Entry[] entries)
    {
        foreach (var entry in entries)
        {
            entry.Outgoing = outcomes.Of(entry);
        }
    }
}
