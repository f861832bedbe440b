using System.Globalization;
using Confluent.Kafka;
using StreamScorer.Consume;
using StreamScorer.Operate;
using StreamScorer.Settle;
using StreamScorer.Tests.EndToEnd;
using StreamScorer.Tests.Kafka;

namespace StreamScorer.Tests.Consume;

/// <summary>The client keeps a pause beyond the assignment, so a partition that comes back may still be paused though nothing is. On a real Kafka only.</summary>
public sealed class PausedPartitionTests(RealKafkaFixture kafka)
{
    [Fact]
    public async Task Partitions_ShouldBeRead_WhenTheyWereLostWhileReadingWasPaused_AndCameBackAfterwards()
    {
        var harness = await WorkerHarness.CreateAsync(await kafka.GetAsync());
        harness = harness.With("session.timeout.ms", "2000").With("heartbeat.interval.ms", "200").With("max.poll.interval.ms", "2000");
        var settings = harness.Settings with { Consume = harness.Settings.Consume with { MaxBufferedRecords = 10 } };
        await harness.Kafka.ProduceAsync(harness.Input, Enumerable.Range(0, 200).Select(i => WorkerHarness.Post($"author-{i}", i.ToString(CultureInfo.InvariantCulture), "a post")));
        using var time = new StoppableTime();
        using var telemetry = new Telemetry(TimeProvider.System);
        using var stop = new CancellationTokenSource();
        using var log = new CollectedLog();
        using var loggers = new Microsoft.Extensions.Logging.LoggerFactory([log]);
        var intake = new Intake();
        using var consume = new ConsumeStage(settings, intake, new OffsetLedger(), telemetry, new HealthState(settings.Operate, TimeProvider.System), time, new Microsoft.Extensions.Logging.Logger<ConsumeStage>(loggers));
        var run = consume.RunAsync(stop.Token, CancellationToken.None);
        await UntilAsync(run, () => Task.FromResult(consume.Paused[PauseReasons.Records] == 3));

        time.Runs.Reset(); // the thread that polls stands still, for longer than the group bears
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = settings.Kafka.BootstrapServers }).Build();
        await UntilAsync(run, async () => (await admin.DescribeConsumerGroupsAsync([settings.Kafka.GroupId])).ConsumerGroupDescriptions[0].State == ConsumerGroupState.Empty);
        time.Runs.Set();
        await UntilAsync(run, () => Task.FromResult(log.Text.Contains("3 partitions lost", StringComparison.Ordinal)));

        await UntilAsync(run, () => Task.FromResult(consume.Paused[PauseReasons.Records] == 3)); // what was lost is withdrawn, so these were read anew
        await stop.CancelAsync();
        await run.WaitAsync(WorkerHarness.Limit);
    }

    private static Task UntilAsync(Task run, Func<Task<bool>> condition) => WorkerHarness.UntilAsync(async () =>
    {
        var holds = await condition();
        Assert.True(holds || !run.IsCompleted);
        return holds;
    });

    /// <summary>A clock that keeps whoever asks it waiting while it is stopped.</summary>
    private sealed class StoppableTime : TimeProvider, IDisposable
    {
        public ManualResetEventSlim Runs { get; } = new(initialState: true);

        public override long GetTimestamp()
        {
            Runs.Wait();
            return base.GetTimestamp();
        }

        public void Dispose() => Runs.Dispose();
    }
}
