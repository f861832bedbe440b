using System.Globalization;
using System.Text.Json;
using StreamScorer.Tests.Kafka;

namespace StreamScorer.Tests.EndToEnd;

/// <summary>Offsets without a record: marks of transactions, aborted records, compaction. On a real Kafka only.</summary>
public sealed class InputGapTests(RealKafkaFixture kafka)
{
    [Fact]
    public async Task Gaps_ShouldBeNothingToWaitFor_WhenTheInputWasWrittenInTransactions()
    {
        var harness = await Posts.CreateAsync(await kafka.GetAsync());
        using (var producer = harness.Kafka.Transactional())
        {
            for (var i = 0; i < 30; i++)
            {
                producer.BeginTransaction();
                producer.Produce(harness.Input, WorkerHarness.Post($"author-{i % 17}", i.ToString(CultureInfo.InvariantCulture), $"post number {i}"));
                producer.CommitTransaction();
                producer.BeginTransaction();
                producer.Produce(harness.Input, WorkerHarness.Post($"author-{i % 17}", $"{1_000 + i}", "was never committed"));
                producer.Flush(TestKafka.Limit); // in the log, else there is nothing to skip
                producer.AbortTransaction();
            }
        }

        using (var rig = new DeliveryRig(harness.Settings).Start())
        {
            await rig.UntilAsync(r => r.Telemetry.Read() is { Scored: >= 30, Lag: 0 });
            await rig.StopAsync();
        }

        using var again = new DeliveryRig(harness.Settings).Start();
        await again.UntilAsync(rig => rig.Owned.Count == 3);
        await Posts.SendAsync(harness, 30, 10);
        await again.UntilAsync(rig => rig.Telemetry.Read().Scored >= 10);
        await again.StopAsync();
        Assert.Equal(10, again.Telemetry.Read().Consumed);
        await Posts.AssertOnceAsync(harness, 40);
    }

    [Fact]
    public async Task Gaps_ShouldBeNothingToWaitFor_WhenWhatLiesBehindThemIsLeftAtAStop()
    {
        var harness = await Posts.CreateAsync(await kafka.GetAsync(), consume: options => options with { MaxRecordsPerMicroBatch = 1, MaxBufferedRecords = 5 });
        using (var producer = harness.Kafka.Transactional())
        {
            for (var i = 0; i < 30; i++) // each behind the mark that ends the transaction of the one before
            {
                producer.BeginTransaction();
                producer.Produce(harness.Input, WorkerHarness.Post("author", i.ToString(CultureInfo.InvariantCulture), $"post number {i}"));
                producer.CommitTransaction();
            }
        }

        using (var rig = new DeliveryRig(harness.Settings))
        {
            using var gate = new ManualResetEventSlim();
            rig.Scorer.Act = () => gate.Wait(WorkerHarness.Limit);
            rig.Start();
            await rig.UntilAsync(r => r.IsPaused); // the device is at work, and what lies behind waits
            var stopping = rig.StopAsync();
            gate.Set();
            await stopping;
            Assert.InRange(rig.Telemetry.Read().Scored, 1, 29);
        }

        await Posts.RunToEndAsync(harness, 30);
        await Posts.AssertOnceAsync(harness, 30);
    }

    [Fact]
    public async Task Gaps_ShouldBeNothingToWaitFor_WhenTheInputIsCompacted()
    {
        var real = await kafka.GetAsync();
        var harness = await Posts.CreateAsync(await kafka.GetAsync());
        var topic = harness.Input + ".compacted";
        await real.CreateTopicAsync(topic, 1, new() { ["cleanup.policy"] = "compact", ["segment.ms"] = "50", ["min.cleanable.dirty.ratio"] = "0.01", ["min.compaction.lag.ms"] = "0" });
        harness = harness with { Settings = harness.Settings with { Consume = harness.Settings.Consume with { Topic = topic } } };
        await Posts.SendAsync(harness, 0, 100); // 17 keys, of which the last records stay
        var left = (await real.ReadToEndAsync(topic)).Count;
        for (var sent = 100; left >= sent; sent++)
        {
            await Posts.SendAsync(harness, sent, 1); // an active segment is never compacted, and only a record begins the next
            left = (await real.ReadToEndAsync(topic, WorkerHarness.Limit)).Count;
            Assert.True(sent < 2_000, "Kafka has not compacted the topic.");
        }

        using (var rig = new DeliveryRig(harness.Settings).Start())
        {
            await rig.UntilAsync(r => r.Telemetry.Read() is { Scored: > 0, Lag: 0, Unsettled: 0 });
            await rig.StopAsync();
        }

        using var again = new DeliveryRig(harness.Settings).Start();
        await again.UntilAsync(rig => rig.Owned.Count == 1);
        await Posts.SendAsync(harness, 5_000, 17);
        await again.UntilAsync(rig => rig.Telemetry.Read().Scored >= 17);
        await again.StopAsync();
        Assert.Equal(17, again.Telemetry.Read().Consumed);
        var ids = (await real.ReadToEndAsync(harness.Scored)).Select(r => JsonDocument.Parse(r.Message.Value).RootElement.GetProperty("id").GetString()!).ToList();
        Assert.Equal(ids.Distinct(), ids);
    }
}
