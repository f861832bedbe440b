using System.Threading.Channels;

namespace StreamScorer.Publish;

/// <summary>The last stage: sends outcomes in input order and settles what is final. One implementation a delivery mode.</summary>
internal interface IPublishStage : IDisposable
{
    /// <summary>Runs until <paramref name="input"/> is completed and drained.</summary>
    Task RunAsync(ChannelReader<MicroBatch> input, CancellationToken abort);
}
