using Microsoft.Extensions.Logging.Abstractions;
using StreamScorer.Consume;
using StreamScorer.Operate;
using StreamScorer.Settle;
using StreamScorer.Tests.EndToEnd;
using StreamScorer.Tests.Kafka;

namespace StreamScorer.Tests.Consume;

/// <summary>When reading pauses, and that it goes on.</summary>
public sealed class PauseTests
{
    /// <summary>A pause must not outlive its reason.</summary>
    [Fact]
    public async Task Consume_ShouldReadOn_WhenItsPartitionsWereLostWhilePaused()
    {
        using var kafka = new EmbeddedKafka();
        var harness = (await WorkerHarness.CreateAsync(kafka, partitions: 1)).With("session.timeout.ms", "1500").With("heartbeat.interval.ms", "200");
        var settings = harness.Settings with { Consume = harness.Settings.Consume with { MaxBufferedRecords = 4 } };
        await kafka.ProduceAsync(harness.Input, Enumerable.Range(0, 20).Select(i => WorkerHarness.Post("a", $"{i}", "hello")));
        using var telemetry = new Telemetry(TimeProvider.System);
        var (intake, ledger) = (new Intake(), new OffsetLedger());
        using var consume = new ConsumeStage(settings, intake, ledger, telemetry, new HealthState(settings.Operate, TimeProvider.System), TimeProvider.System, NullLogger<ConsumeStage>.Instance);
        using var stop = new CancellationTokenSource();
        using var abort = new CancellationTokenSource();
        var run = consume.RunAsync(stop.Token, abort.Token);

        await WorkerHarness.UntilAsync(() => consume.Paused[PauseReasons.Records] == 1);
        kafka.Broker.SetDown();
        await WorkerHarness.UntilAsync(() => ledger.Owned.Count == 0 && intake.Waiting.Records == 0 && consume.Paused[PauseReasons.Records] == 0);
        kafka.Broker.SetUp();
        await WorkerHarness.UntilAsync(() => intake.Waiting.Records > 0);

        await stop.CancelAsync();
        await abort.CancelAsync();
        await run.WaitAsync(WorkerHarness.Limit);
    }

    /// <summary>Of a paused partition the client drops what it has fetched ahead, so a pause at every full intake would fetch most records twice.</summary>
    [Fact]
    public async Task Consume_ShouldNotPause_WhenThereIsRoomAgainSoon()
    {
        const int Posts = 200;
        using var kafka = new EmbeddedKafka();
        var harness = await WorkerHarness.CreateAsync(kafka, partitions: 1);
        var settings = harness.Settings with { Consume = harness.Settings.Consume with { MaxBufferedRecords = 4 } };
        await kafka.ProduceAsync(harness.Input, Enumerable.Range(0, Posts).Select(i => WorkerHarness.Post("a", $"{i}", "hello")));
        using var telemetry = new Telemetry(TimeProvider.System);
        var (intake, ledger) = (new Intake(), new OffsetLedger());
        using var consume = new ConsumeStage(settings, intake, ledger, telemetry, new HealthState(settings.Operate, TimeProvider.System), TimeProvider.System, NullLogger<ConsumeStage>.Instance);
        using var stop = new CancellationTokenSource();
        using var limit = new CancellationTokenSource(WorkerHarness.Limit);
        var run = consume.RunAsync(stop.Token, limit.Token);

        var (taken, full, paused) = (0, 0, 0);
        while (taken < Posts)
        {
            var records = (await intake.TakeAsync(new MicroBatchLimit(settings.Consume), alone: null, limit.Token))!.Records;
            full += records.Count == 4 ? 1 : 0;
            paused += consume.Paused[PauseReasons.Records];
            taken += records.Count;
            await WorkerHarness.UntilAsync(() => intake.Waiting.Records == Math.Min(4, Posts - taken));
        }

        Assert.True(full > Posts / 8, $"The intake was full {full} times.");
        Assert.True(paused <= full / 10, $"It was paused {paused} of {full} times."); // on a busy machine a turn may take longer than it waits
        await stop.CancelAsync();
        await limit.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.WaitAsync(WorkerHarness.Limit)); // nothing is settled
    }
}
