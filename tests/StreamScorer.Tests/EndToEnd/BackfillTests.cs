using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using StreamScorer.Configure;
using StreamScorer.Operate;
using StreamScorer.Score;
using StreamScorer.Tests.Kafka;
using StreamScorer.Topics;

namespace StreamScorer.Tests.EndToEnd;

/// <summary>On a real Kafka: ranges end by time and by offset there, and the live group's offsets are real.</summary>
public sealed class BackfillTests(RealKafkaFixture kafka)
{
    [Fact]
    public async Task RunAsync_ShouldGiveTheSameOutcomesAsTheWorker_AndLeaveItsGroupAlone()
    {
        var harness = await WorkerHarness.CreateAsync(await kafka.GetAsync());
        await harness.Kafka.ProduceAsync(harness.Input, [.. Enumerable.Range(0, 30).Select(i => WorkerHarness.Post($"k{i % 7}", $"{i}", $"a lovely day, number {i}")), WorkerHarness.Raw("k1", "{"), WorkerHarness.Raw("k2", null)]);
        await harness.RunUntilAsync(scored: 30 + 1, deadLetters: 1);
        var committed = await harness.Kafka.CommittedAsync(harness.Settings.Kafka.GroupId, harness.Input);
        var others = await WorkerHarness.CreateAsync(harness.Kafka);

        var counts = await BackfillAsync(harness.Settings with { Publish = others.Settings.Publish }, "0");

        Assert.Equal(new BackfillCounts(32, 30, 1, 1, IsWhole: true), counts);
        Assert.True(counts.AddsUp);
        Assert.Equal(committed, await harness.Kafka.CommittedAsync(harness.Settings.Kafka.GroupId, harness.Input));
        Assert.Equal(await ScoresAsync(harness), await ScoresAsync(others));
        Assert.Single(await harness.Kafka.ReadToEndAsync(others.DeadLetters));
    }

    [Fact]
    public async Task RunAsync_ShouldKeepToTheRange_AndToItsLimits()
    {
        var harness = await WorkerHarness.CreateAsync(await kafka.GetAsync(), partitions: 1);
        await harness.Kafka.ProduceAsync(harness.Input, Enumerable.Range(0, 50).Select(i => WorkerHarness.Post("k", $"{i}", $"a lovely day, number {i}")));
        var settings = harness.Settings with { Consume = harness.Settings.Consume with { MaxBufferedRecords = 2, MaxRecordsPerMicroBatch = 3 } };

        var counts = await BackfillAsync(settings, "0:10", "0:45");

        Assert.Equal(new BackfillCounts(35, 35, 0, 0, IsWhole: true), counts);
        var ids = (await harness.Kafka.ReadToEndAsync(harness.Scored)).Select(r => JsonDocument.Parse(r.Message.Value).RootElement.GetProperty("id").GetString());
        Assert.Equal(Enumerable.Range(10, 35).Select(i => $"{i}"), ids);
        Assert.Equal(0, (await BackfillAsync(settings, "2100-01-01")).Read);
    }

    [Fact]
    public async Task RunAsync_ShouldLeaveTheRest_WhenItIsStopped()
    {
        var harness = await WorkerHarness.CreateAsync(await kafka.GetAsync(), partitions: 1);
        await harness.Kafka.ProduceAsync(harness.Input, Enumerable.Range(0, 3_000).Select(i => WorkerHarness.Post("k", $"{i}", $"a lovely day, number {i}")));
        using var stop = new CancellationTokenSource();
        var settings = harness.Settings with { Consume = harness.Settings.Consume with { MaxBufferedRecords = 10, MaxRecordsPerMicroBatch = 5 } };

        var counts = await Backfill.RunAsync(settings, RangeBound.Parse("--from", "0")!, null, Silent, NullLoggerFactory.Instance, new StoppingTime(stop, readings: 100), stop.Token);

        Assert.False(counts.IsWhole);
        Assert.True(counts.AddsUp, counts.ToString());
        Assert.InRange(counts.Scored, 0, 2_999);
        Assert.Equal(counts.Scored, (await harness.Kafka.ReadToEndAsync(harness.Scored)).Count);
    }

    [Fact]
    public async Task RunAsync_ShouldSayWhichTopicIsNotThere()
    {
        var harness = await WorkerHarness.CreateAsync(await kafka.GetAsync());
        var settings = harness.Settings with { Publish = harness.Settings.Publish with { ScoredTopic = "absent.scored" } };

        Assert.Contains("'absent.scored' does not exist", (await Assert.ThrowsAsync<StartupException>(() => BackfillAsync(settings, "0"))).Message, StringComparison.Ordinal);
    }

    private static Progress Silent => new(TextWriter.Null, TimeProvider.System, enabled: false);

    private static Task<BackfillCounts> BackfillAsync(Settings settings, string from, string? to = null)
        => Backfill.RunAsync(settings, RangeBound.Parse("--from", from)!, RangeBound.Parse("--to", to), Silent, NullLoggerFactory.Instance, TimeProvider.System, CancellationToken.None);

    /// <summary>Result id and probabilities of every post, as text.</summary>
    private static async Task<IEnumerable<string>> ScoresAsync(WorkerHarness harness) => (await harness.Kafka.ReadToEndAsync(harness.Scored))
        .Where(record => record.Message.Value is not null) // the tombstone erases here too
        .Select(record => JsonDocument.Parse(record.Message.Value).RootElement)
        .Select(root => $"{root.GetProperty("result_id")} {root.GetProperty("heads")}")
        .Order(StringComparer.Ordinal);

    /// <summary>Stops the run in the middle, whatever the machine's speed: the clock is read for every record.</summary>
    private sealed class StoppingTime(CancellationTokenSource stop, int readings) : TimeProvider
    {
        private int _left = readings;

        public override DateTimeOffset GetUtcNow()
        {
            if (Interlocked.Decrement(ref _left) == 0)
            {
                stop.Cancel();
            }

            return base.GetUtcNow();
        }
    }
}
