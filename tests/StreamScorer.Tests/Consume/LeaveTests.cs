using Microsoft.Extensions.Logging.Abstractions;
using StreamScorer.Consume;
using StreamScorer.Operate;
using StreamScorer.Settle;
using StreamScorer.Tests.EndToEnd;
using StreamScorer.Tests.Kafka;

namespace StreamScorer.Tests.Consume;

/// <summary>The end of reading, while others still use what the client has.</summary>
public sealed class LeaveTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Membership_ShouldEnd_WhenAnotherThreadAsksForItAsTheClientIsFreed(bool aborted)
    {
        using var kafka = new EmbeddedKafka();
        var harness = await WorkerHarness.CreateAsync(kafka, partitions: 1);
        using var telemetry = new Telemetry(TimeProvider.System);
        using var consume = new ConsumeStage(
            harness.Settings, new Intake(), new OffsetLedger(), telemetry, new HealthState(harness.Settings.Operate, TimeProvider.System), TimeProvider.System, NullLogger<ConsumeStage>.Instance);
        using var stop = new CancellationTokenSource();
        using var abort = new CancellationTokenSource();
        var run = consume.RunAsync(stop.Token, abort.Token);
        await WorkerHarness.UntilAsync(() => consume.Membership is not null);
        var asking = Task.Factory.StartNew(
            () =>
            {
                while (consume.Membership is not null)
                {
                }
            },
            TaskCreationOptions.LongRunning);

        await (aborted ? abort : stop).CancelAsync();

        await Task.WhenAny(run).WaitAsync(WorkerHarness.Limit);
        await asking.WaitAsync(WorkerHarness.Limit);
        Assert.Null(consume.Membership);
    }
}
