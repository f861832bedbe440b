using Confluent.Kafka;
using StreamScorer.Publish;
using StreamScorer.Tests.Kafka;

namespace StreamScorer.Tests.EndToEnd;

/// <summary>What a reader of committed data sees of a worker that is killed, fenced, starved of its partitions or of its transactions. On a real Kafka only.</summary>
public sealed class ExactlyOnceTests(RealKafkaFixture kafka)
{
    [Fact]
    public async Task Kill_ShouldLoseAndRepeatNothing_WhenTheTransactionIsOpen()
    {
        var harness = await Posts.CreateAsync(await kafka.GetAsync(), commitInterval: Posts.Open, instance: "one");
        await Posts.SendAsync(harness, 0, 50);
        using var killed = WorkerProgram.Start(
            ["run", .. harness.Sets, "--set", "Kafka:GroupInstanceId=one", "--set", "Settle:CommitInterval=00:01:00", "--set", "Settle:TransactionTimeout=00:02:00"]);
        await harness.Kafka.ReadAsync(harness.Scored, 1, WorkerHarness.Limit);
        await Posts.SendAsync(harness, 50, 50);
        var seen = await harness.Kafka.ReadAsync(harness.Scored, 100, WorkerHarness.Limit, IsolationLevel.ReadUncommitted);
        var committed = await harness.CommittedAsync();
        killed.Kill();
        await killed.WaitForExitAsync().WaitAsync(WorkerHarness.Limit);

        await Posts.RunToEndAsync(harness, 100);

        Assert.True(seen.Count >= 100 && committed < 100, "The test proves nothing: no transaction was open.");
        await Posts.AssertOnceAsync(harness, 100);
    }

    [Theory]
    [InlineData("SendOffsetsToTransaction")]
    [InlineData("CommitTransaction")]
    public async Task Abort_ShouldLoseAndRepeatNothing_WhenPostsGoOn(string failing)
    {
        // Small enough that the intake is always full: the way back must be found then too.
        var harness = await Posts.CreateAsync(await kafka.GetAsync(), consume: options => options with { MaxBufferedRecords = 20, MaxRecordsPerMicroBatch = 5 });
        await Posts.SendAsync(harness, 0, 300);
        using var rig = new DeliveryRig(harness.Settings);
        rig.Before = (call, times) =>
        {
            if (call == failing && times is 1 or 2 or 4)
            {
                throw TestProducer.Abortable();
            }
        };
        rig.Start();

        await rig.UntilAsync(r => r.Telemetry.Read().Scored >= 300);
        await rig.StopAsync();

        Assert.True(rig.Telemetry.Read().Voided > 0);
        Assert.Equal(0, rig.Telemetry.Read().Unsettled);
        await Posts.AssertOnceAsync(harness, 300);
    }

    [Fact]
    public async Task Commit_ShouldCount_WhenItsAnswerIsLost()
    {
        var harness = await Posts.CreateAsync(await kafka.GetAsync());
        await Posts.SendAsync(harness, 0, 50);
        using (var rig = new DeliveryRig(harness.Settings) { After = (call, _) => { if (call == "CommitTransaction") { throw TestProducer.Fatal(ErrorCode.Local_Inconsistent); } } }.Start())
        {
            await Assert.ThrowsAsync<TransactionException>(() => rig.Run.WaitAsync(WorkerHarness.Limit));
        }

        using var next = new DeliveryRig(harness.Settings).Start();
        await harness.Kafka.ReadAsync(harness.Scored, 50, WorkerHarness.Limit);
        await next.StopAsync();

        Assert.True(next.Telemetry.Read().Consumed < 50); // the first rig's commit stands, though it never heard of it
        await Posts.AssertOnceAsync(harness, 50);
    }

    [Fact]
    public async Task Stop_ShouldAbortTheTransactionAndFail_WhenTheDrainIsOverBudget()
    {
        var harness = await Posts.CreateAsync(await kafka.GetAsync(), commitInterval: Posts.Open);
        harness = harness with { Settings = harness.Settings with { Pipeline = new PipelineOptions { DrainTimeout = TimeSpan.FromSeconds(1) } } };
        await Posts.SendAsync(harness, 0, 20);
        using var gate = new ManualResetEventSlim();
        using (var first = new DeliveryRig(harness.Settings).Start())
        {
            await first.UntilAsync(rig => rig.Telemetry.Read().Scored > 0);
            await Posts.SendAsync(harness, 20, 20);
            await harness.Kafka.ReadAsync(harness.Scored, 40, WorkerHarness.Limit, IsolationLevel.ReadUncommitted);
            first.Scorer.Act = () => gate.Wait(TimeSpan.FromSeconds(3)); // a device that answers too late
            await Posts.SendAsync(harness, 40, 20);
            await first.UntilAsync(rig => rig.Telemetry.Read().Consumed > 40);

            await Assert.ThrowsAsync<TimeoutException>(first.StopAsync);
        }

        await Posts.RunToEndAsync(harness, 60);
        await Posts.AssertOnceAsync(harness, 60);
    }

    [Fact]
    public async Task Stall_ShouldBeOvercome_WhenItIsLongerThanTheTransactionMayLast()
    {
        var harness = await Posts.CreateAsync(await kafka.GetAsync());
        harness = harness with { Settings = harness.Settings with { Settle = harness.Settings.Settle with { TransactionTimeout = TimeSpan.FromSeconds(2) } } };
        await Posts.SendAsync(harness, 0, 30);
        using var rig = new DeliveryRig(harness.Settings);
        using var overdue = new ManualResetEventSlim();
        var stalled = new TaskCompletionSource();
        rig.Before = (call, times) =>
        {
            if (call == "CommitTransaction" && times == 1 && stalled.TrySetResult())
            {
                overdue.Wait(WorkerHarness.Limit);
            }
        };
        rig.Start();
        await stalled.Task.WaitAsync(WorkerHarness.Limit);

        // Behind the open transaction: a reader of committed data gets to it only once the brokers have ended that.
        for (var partition = 0; partition < 3; partition++)
        {
            await harness.Kafka.ProduceAsync(harness.Scored, [new() { Key = "end"u8.ToArray() }], partition);
        }

        await harness.Kafka.ReadAsync(harness.Scored, 3, WorkerHarness.Limit);
        overdue.Set();
        await rig.UntilAsync(r => r.Telemetry.Read().Scored >= 30);
        await rig.StopAsync();

        await Posts.AssertOnceAsync(harness, 30);
    }

    [Fact]
    public async Task Output_ShouldBeNamed_WhenItIsMissing_AndNothingCommitted()
    {
        var harness = (await Posts.CreateAsync(await kafka.GetAsync())).With("topic.metadata.propagation.max.ms", "500");
        var missing = harness with { Settings = harness.Settings with { Publish = harness.Settings.Publish with { ScoredTopic = harness.Scored + ".missing" } } };
        await Posts.SendAsync(harness, 0, 10);
        using (var rig = new DeliveryRig(missing.Settings).Start())
        {
            var fault = await Assert.ThrowsAsync<DeliveryException>(() => rig.Run.WaitAsync(WorkerHarness.Limit));
            Assert.Contains($"Create the topic '{harness.Scored}.missing'", fault.Message, StringComparison.Ordinal);
        }

        Assert.Equal(0, await harness.CommittedAsync());
        await Posts.RunToEndAsync(harness, 10);
        await Posts.AssertOnceAsync(harness, 10);
    }
}
