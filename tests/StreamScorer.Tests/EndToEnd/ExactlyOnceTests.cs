using System.Globalization;
using System.Text;
using System.Text.Json;
using Confluent.Kafka;
using StreamScorer.Consume;
using StreamScorer.Publish;
using StreamScorer.Tests.Kafka;

namespace StreamScorer.Tests.EndToEnd;

/// <summary>What a reader of committed data sees of a worker that is killed, fenced, starved of its partitions or of its transactions. On a real Kafka only.</summary>
public sealed class ExactlyOnceTests(RealKafkaFixture kafka)
{
    /// <summary>Longer than a test: after the first commit the transaction stays open until somebody wants it closed.</summary>
    private static readonly TimeSpan Open = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task Kill_ShouldLoseAndRepeatNothing_WhenTheTransactionIsOpen()
    {
        var harness = await CreateAsync(commitInterval: Open, instance: "one");
        await SendAsync(harness, 0, 50);
        using var killed = WorkerProgram.Start(
            ["run", .. harness.Sets, "--set", "Kafka:GroupInstanceId=one", "--set", "Settle:CommitInterval=00:01:00", "--set", "Settle:TransactionTimeout=00:02:00"]);
        await harness.Kafka.ReadAsync(harness.Scored, 1, WorkerHarness.Limit);
        await SendAsync(harness, 50, 50);
        var seen = await harness.Kafka.ReadAsync(harness.Scored, 100, WorkerHarness.Limit, IsolationLevel.ReadUncommitted);
        var committed = await harness.CommittedAsync();
        killed.Kill();
        await killed.WaitForExitAsync().WaitAsync(WorkerHarness.Limit);

        await RunToEndAsync(harness, 100);

        Assert.True(seen.Count >= 100 && committed < 100, "The test proves nothing: no transaction was open.");
        await AssertOnceAsync(harness, 100);
    }

    [Theory]
    [InlineData("SendOffsetsToTransaction")]
    [InlineData("CommitTransaction")]
    public async Task Abort_ShouldLoseAndRepeatNothing_WhenPostsGoOn(string failing)
    {
        // Small enough that reading pauses: the way back must also be found by a partition that is paused.
        var harness = await CreateAsync(consume: options => options with { MaxBufferedRecords = 20, MaxRecordsPerMicroBatch = 5 });
        await SendAsync(harness, 0, 300);
        using var rig = new DeliveryRig(harness.Settings);
        rig.Before = (call, times) =>
        {
            if (call == failing && times is 2 or 3 or 7)
            {
                throw TestProducer.Abortable();
            }
        };
        rig.Start();

        await rig.UntilAsync(r => r.Telemetry.Read().Scored >= 300);
        await rig.StopAsync();

        Assert.True(rig.Telemetry.Read().Voided > 0);
        Assert.Equal(0, rig.Telemetry.Read().Unsettled);
        await AssertOnceAsync(harness, 300);
    }

    [Fact]
    public async Task Commit_ShouldCount_WhenItsAnswerIsLost()
    {
        var harness = await CreateAsync();
        await SendAsync(harness, 0, 50);
        using (var rig = new DeliveryRig(harness.Settings) { After = (call, _) => { if (call == "CommitTransaction") { throw TestProducer.Fatal(ErrorCode.Local_Inconsistent); } } }.Start())
        {
            await Assert.ThrowsAsync<TransactionException>(() => rig.Run.WaitAsync(WorkerHarness.Limit));
        }

        using var next = new DeliveryRig(harness.Settings).Start();
        await harness.Kafka.ReadAsync(harness.Scored, 50, WorkerHarness.Limit);
        await next.StopAsync();

        Assert.True(next.Telemetry.Read().Consumed < 50); // the first rig's commit stands, though it never heard of it
        await AssertOnceAsync(harness, 50);
    }

    [Theory]
    [InlineData("cooperative")]
    [InlineData("range")]
    [InlineData("consumer")]
    public async Task Revoke_ShouldCommitTheOpenTransaction_WhenAnotherWorkerJoins(string assignment)
    {
        var harness = await CreateAsync(commitInterval: Open, consume: options => options with { Assignment = assignment == "range" ? PartitionAssignmentStrategy.Range : PartitionAssignmentStrategy.CooperativeSticky });
        if (assignment == "consumer")
        {
            harness = harness.With("group.protocol", "consumer");
        }

        await SendAsync(harness, 0, 60);
        using var first = new DeliveryRig(harness.Settings).Start();
        await first.UntilAsync(rig => rig.Telemetry.Read().Scored > 0);
        await SendAsync(harness, 60, 60);
        await harness.Kafka.ReadAsync(harness.Scored, 120, WorkerHarness.Limit, IsolationLevel.ReadUncommitted);
        Assert.True(first.Telemetry.Read().Scored < 120, "The test proves nothing: no transaction was open.");

        using var second = new DeliveryRig(harness.Settings).Start();
        await second.UntilAsync(rig => rig.Owned.Count > 0);
        await SendAsync(harness, 120, 60);
        await second.UntilAsync(rig => rig.Telemetry.Read().Scored > 0);
        await Task.WhenAll(first.StopAsync(), second.StopAsync());
        await RunToEndAsync(harness, 180);

        Assert.Equal(0, first.Telemetry.Read().Voided);
        await AssertOnceAsync(harness, 180);
    }

    [Fact]
    public async Task LateCompletion_ShouldBeVoid_WhenThePartitionLeftAndCameBack()
    {
        // Range takes all partitions from everybody, so the first worker loses what its device holds, and gets some of it back.
        var harness = await CreateAsync(consume: options => options with { Assignment = PartitionAssignmentStrategy.Range });
        harness = harness.With("session.timeout.ms", "2000").With("heartbeat.interval.ms", "200").With("max.poll.interval.ms", "4000"); // a budget of one second
        await SendAsync(harness, 0, 60);
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
        await AssertOnceAsync(harness, 60);
    }

    [Fact]
    public async Task Stop_ShouldAbortTheTransactionAndFail_WhenTheDrainIsOverBudget()
    {
        var harness = await CreateAsync(commitInterval: Open);
        harness = harness with { Settings = harness.Settings with { Pipeline = new PipelineOptions { DrainTimeout = TimeSpan.FromSeconds(1) } } };
        await SendAsync(harness, 0, 20);
        using var gate = new ManualResetEventSlim();
        using (var first = new DeliveryRig(harness.Settings).Start())
        {
            await first.UntilAsync(rig => rig.Telemetry.Read().Scored > 0);
            await SendAsync(harness, 20, 20);
            await harness.Kafka.ReadAsync(harness.Scored, 40, WorkerHarness.Limit, IsolationLevel.ReadUncommitted);
            first.Scorer.Act = () => gate.Wait(TimeSpan.FromSeconds(3)); // a device that answers too late
            await SendAsync(harness, 40, 20);
            await first.UntilAsync(rig => rig.Telemetry.Read().Consumed > 40);

            await Assert.ThrowsAsync<TimeoutException>(first.StopAsync);
        }

        await RunToEndAsync(harness, 60);
        await AssertOnceAsync(harness, 60);
    }

    [Fact]
    public async Task Stall_ShouldBeOvercome_WhenItIsLongerThanTheTransactionMayLast()
    {
        var harness = await CreateAsync();
        harness = harness with { Settings = harness.Settings with { Settle = harness.Settings.Settle with { TransactionTimeout = TimeSpan.FromSeconds(2) } } };
        await SendAsync(harness, 0, 30);
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

        await AssertOnceAsync(harness, 30);
    }

    [Fact]
    public async Task Zombie_ShouldStop_WhenAnotherWorkerHasItsName()
    {
        var harness = await CreateAsync(instance: "one");
        await SendAsync(harness, 0, 20);
        using var zombie = new DeliveryRig(harness.Settings).Start();
        await zombie.UntilAsync(rig => rig.Telemetry.Read().Scored >= 20);
        using var next = new DeliveryRig(harness.Settings).Start();
        await next.UntilAsync(rig => rig.Owned.Count == 3);
        await SendAsync(harness, 20, 20);
        await next.UntilAsync(rig => rig.Telemetry.Read().Scored >= 20);

        var fault = await Record.ExceptionAsync(() => zombie.Run.WaitAsync(WorkerHarness.Limit));

        Assert.True(fault is TransactionException or KafkaException { Error.Code: ErrorCode.FencedInstanceId }, $"{fault}");
        await next.StopAsync();
        await AssertOnceAsync(harness, 40);
    }

    [Fact]
    public async Task Output_ShouldBeNamed_WhenItIsMissing_AndNothingCommitted()
    {
        var harness = (await CreateAsync()).With("topic.metadata.propagation.max.ms", "500");
        var missing = harness with { Settings = harness.Settings with { Publish = harness.Settings.Publish with { ScoredTopic = harness.Scored + ".missing" } } };
        await SendAsync(harness, 0, 10);
        using (var rig = new DeliveryRig(missing.Settings).Start())
        {
            var fault = await Assert.ThrowsAsync<DeliveryException>(() => rig.Run.WaitAsync(WorkerHarness.Limit));
            Assert.Contains($"Create the topic '{harness.Scored}.missing'", fault.Message, StringComparison.Ordinal);
        }

        Assert.Equal(0, await harness.CommittedAsync());
        await RunToEndAsync(harness, 10);
        await AssertOnceAsync(harness, 10);
    }

    private async Task<WorkerHarness> CreateAsync(TimeSpan? commitInterval = null, string? instance = null, Func<ConsumeOptions, ConsumeOptions>? consume = null)
    {
        var harness = await WorkerHarness.CreateAsync(await kafka.GetAsync());
        var settings = harness.Settings;
        return harness with
        {
            Settings = settings with
            {
                Kafka = settings.Kafka with { GroupInstanceId = instance },
                Consume = consume?.Invoke(settings.Consume) ?? settings.Consume,
                Settle = settings.Settle with { CommitInterval = commitInterval ?? settings.Settle.CommitInterval, TransactionTimeout = TimeSpan.FromMinutes(2) },
            },
        };
    }

    /// <summary>A worker of the same group that ends once so many records have an outcome in all.</summary>
    private static async Task RunToEndAsync(WorkerHarness harness, int count)
    {
        using var rig = new DeliveryRig(harness.Settings with { Settle = harness.Settings.Settle with { CommitInterval = TimeSpan.FromMilliseconds(50) } }).Start();
        await harness.Kafka.ReadAsync(harness.Scored, count, WorkerHarness.Limit);
        await rig.StopAsync();
    }

    private static async Task SendAsync(WorkerHarness harness, int first, int count)
        => await harness.Kafka.ProduceAsync(harness.Input, Enumerable.Range(first, count).Select(i => WorkerHarness.Post($"author-{i % 17}", i.ToString(CultureInfo.InvariantCulture), $"post number {i}")));

    /// <summary>Every post has one outcome, every key is in order, and the group is committed behind the last record of each partition.</summary>
    private static async Task AssertOnceAsync(WorkerHarness harness, int count)
    {
        var scored = (await harness.Kafka.ReadToEndAsync(harness.Scored)).Where(r => r.Message.Value is not null).ToList();
        var posts = scored.ConvertAll(r => (Key: Encoding.UTF8.GetString(r.Message.Key!), Id: int.Parse(JsonDocument.Parse(r.Message.Value).RootElement.GetProperty("id").GetString()!, CultureInfo.InvariantCulture)));
        Assert.Equal(Enumerable.Range(0, count), posts.Select(post => post.Id).Order());
        Assert.All(posts.GroupBy(post => post.Key), ofKey => Assert.Equal(ofKey.Select(post => post.Id).Order(), ofKey.Select(post => post.Id)));
        var last = (await harness.Kafka.ReadToEndAsync(harness.Input)).GroupBy(r => r.Partition.Value).ToDictionary(p => p.Key, p => p.Max(r => r.Offset.Value) + 1);
        Assert.Equal(last.OrderBy(p => p.Key), (await harness.Kafka.CommittedAsync(harness.Settings.Kafka.GroupId, harness.Input)).OrderBy(p => p.Key));
    }
}
