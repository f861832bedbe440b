using Confluent.Kafka;
using StreamScorer.Publish;
using StreamScorer.Tests.Kafka;

namespace StreamScorer.Tests.EndToEnd;

/// <summary>Transactions and partitions that change hands. On a real Kafka only.</summary>
public sealed class ExactlyOnceRebalanceTests(RealKafkaFixture kafka)
{
    [Theory]
    [InlineData("cooperative")]
    [InlineData("range")]
    [InlineData("consumer")]
    public async Task Revoke_ShouldCommitTheOpenTransaction_WhenAnotherWorkerJoins(string assignment)
    {
        var harness = await Posts.CreateAsync(await kafka.GetAsync(), commitInterval: Posts.Open, consume: options => options with { Assignment = assignment == "range" ? PartitionAssignmentStrategy.Range : PartitionAssignmentStrategy.CooperativeSticky });
        if (assignment == "consumer")
        {
            harness = harness.With("group.protocol", "consumer");
        }

        await Posts.SendAsync(harness, 0, 60);
        using var first = new DeliveryRig(harness.Settings).Start();
        await first.UntilAsync(rig => rig.Telemetry.Read().Scored > 0);
        await Posts.SendAsync(harness, 60, 60);
        await harness.Kafka.ReadAsync(harness.Scored, 120, WorkerHarness.Limit, IsolationLevel.ReadUncommitted);
        Assert.True(first.Telemetry.Read().Scored < 120, "The test proves nothing: no transaction was open.");

        using var second = new DeliveryRig(harness.Settings).Start();
        await second.UntilAsync(rig => rig.Owned.Count > 0);
        await Posts.SendAsync(harness, 120, 60);
        await second.UntilAsync(rig => rig.Telemetry.Read().Scored > 0);
        await Task.WhenAll(first.StopAsync(), second.StopAsync());
        await Posts.RunToEndAsync(harness, 180);

        Assert.Equal(0, first.Telemetry.Read().Voided);
        await Posts.AssertOnceAsync(harness, 180);
    }

    [Fact]
    public async Task LateCompletion_ShouldBeVoid_WhenThePartitionLeftAndCameBack()
    {
        // Range takes all partitions from everybody, so the first worker loses what its device holds, and gets some of it back.
        var harness = await Posts.CreateAsync(await kafka.GetAsync(), consume: options => options with { Assignment = PartitionAssignmentStrategy.Range });
        harness = harness.With("session.timeout.ms", "2000").With("heartbeat.interval.ms", "200").With("max.poll.interval.ms", "4000"); // a budget of one second
        await Posts.SendAsync(harness, 0, 60);
        using var gate = new ManualResetEventSlim();
        using var first = new DeliveryRig(harness.Settings);
        var calls = 0;
        first.Scorer.Act = () =>
        {
            Interlocked.Increment(ref calls);
            gate.Wait(WorkerHarness.Limit);
        };
        first.Start();
        await first.UntilAsync(_ => Volatile.Read(ref calls) > 0); // the device has records of every partition, and does not answer

        using (var second = new DeliveryRig(harness.Settings).Start())
        {
            await second.UntilAsync(rig => rig.Owned.Count > 0 && rig.Telemetry.Read().Scored > 0);
            await second.StopAsync();
        }

        await first.UntilAsync(rig => rig.Owned.Count == 3);
        gate.Set();
        await harness.Kafka.ReadAsync(harness.Scored, 60, WorkerHarness.Limit);
        await first.StopAsync();

        Assert.True(first.Telemetry.Read().Voided > 0);
        await Posts.AssertOnceAsync(harness, 60);
    }

    /// <summary>The client keeps a pause beyond the assignment, so a partition that comes back may still be paused though nothing is.</summary>
    [Theory]
    [InlineData(PartitionAssignmentStrategy.CooperativeSticky)]
    [InlineData(PartitionAssignmentStrategy.Range)]
    public async Task Partition_ShouldBeRead_WhenItLeftWhileReadingWasPaused_AndCameBackAfterwards(PartitionAssignmentStrategy assignment)
    {
        var harness = await Posts.CreateAsync(await kafka.GetAsync(), consume: options => options with { MaxBufferedRecords = 20, MaxRecordsPerMicroBatch = 5, Assignment = assignment });
        harness = harness.With("session.timeout.ms", "6000").With("heartbeat.interval.ms", "200").With("max.poll.interval.ms", "8000"); // a budget of two seconds
        await Posts.SendAsync(harness, 0, 300);
        using var gate = new ManualResetEventSlim();
        using var first = new DeliveryRig(harness.Settings);
        first.Scorer.Act = () => gate.Wait(WorkerHarness.Limit);
        first.Start();
        await first.UntilAsync(rig => rig.IsPaused);

        using (var second = new DeliveryRig(harness.Settings).Start())
        {
            await second.UntilAsync(rig => rig.Owned.Count > 0);
            gate.Set();
            await first.UntilAsync(rig => !rig.IsPaused);
            await second.StopAsync();
        }

        await first.UntilAsync(rig => rig.Owned.Count == 3);
        await Posts.SendAsync(harness, 300, 60);
        await harness.Kafka.ReadAsync(harness.Scored, 360, WorkerHarness.Limit);
        await first.StopAsync();

        await Posts.AssertOnceAsync(harness, 360);
    }

    [Fact]
    public async Task Zombie_ShouldStop_WhenAnotherWorkerHasItsName()
    {
        var harness = await Posts.CreateAsync(await kafka.GetAsync(), instance: "one");
        await Posts.SendAsync(harness, 0, 20);
        using var zombie = new DeliveryRig(harness.Settings).Start();
        await zombie.UntilAsync(rig => rig.Telemetry.Read().Scored >= 20);
        using var next = new DeliveryRig(harness.Settings).Start();
        await next.UntilAsync(rig => rig.Owned.Count == 3);
        await Posts.SendAsync(harness, 20, 20);
        await next.UntilAsync(rig => rig.Telemetry.Read().Scored >= 20);

        var fault = await Record.ExceptionAsync(() => zombie.Run.WaitAsync(WorkerHarness.Limit));

        Assert.True(fault is TransactionException or KafkaException { Error.Code: ErrorCode.FencedInstanceId }, $"{fault}");
        await next.StopAsync();
        await Posts.AssertOnceAsync(harness, 40);
    }
}
