using System.Globalization;
using Confluent.Kafka;
using StreamScorer.Audit;
using StreamScorer.Configure;
using StreamScorer.Operate;
using StreamScorer.Score;
using StreamScorer.Tests.EndToEnd;
using StreamScorer.Tests.Kafka;
using StreamScorer.Topics;

namespace StreamScorer.Tests.Audit;

/// <summary>The audit of a real worker's work on a real Kafka, and of what a test then does to it.</summary>
public sealed class AuditRunTests(RealKafkaFixture kafka)
{
    private static readonly AuditRequest Whole = new(null, null, null, IsolationLevel.ReadCommitted, Compacted: false);

    [Fact]
    public async Task RunAsync_ShouldFindNothingWrong_OverGapsTombstonesAndDeadLetters_AndEveryFaultAfterwards()
    {
        var harness = await ScoredAsync();

        var fine = await AuditAsync(harness, Whole);

        Assert.True(fine.IsFine, string.Join('\n', fine.Notes.Append(fine.Total.ToString())));
        Assert.Equal((26, 20, 4, 2), (fine.Total.Consumed, fine.Total.Scored, fine.Total.DeadLettered, fine.Total.Filtered));
        Assert.True(fine.Partitions.Sum(p => p.To - p.From) > fine.Total.Consumed, "the transactions left no gaps in the offsets");
        Assert.True(fine.Total.Flagged > 0);

        var scored = await harness.Kafka.ReadToEndAsync(harness.Scored);
        var letter = (await harness.Kafka.ReadToEndAsync(harness.DeadLetters))[0];
        await harness.Kafka.ProduceAsync(harness.Scored, [scored[0].Message], scored[0].Partition.Value);
        await harness.Kafka.ProduceAsync(harness.DeadLetters, [letter.Message], letter.Partition.Value);
        await harness.Kafka.ProduceAsync(harness.Flagged, [scored.First(r => !IsFlagged(r)).Message]);
        await harness.Kafka.ProduceAsync(harness.Scored, [WorkerHarness.Raw("k", "{}")]);
        await harness.Kafka.ProduceAsync(harness.Input, [WorkerHarness.Post("k", "late", "nobody has scored this")]);

        var spoilt = await AuditAsync(harness, Whole);
        Assert.Equal((1, 2, 1), (spoilt.Total.Missing, spoilt.Total.Doubled, spoilt.Total.FlaggedUnexpected));
        Assert.Equal(1, spoilt.Strays[Output.Scored].Unreadable);
        Assert.False(spoilt.IsFine);
        var committed = await AuditAsync(harness, Whole with { Group = harness.Settings.Kafka.GroupId });
        Assert.Equal((26, 0), (committed.Total.Consumed, committed.Total.Missing));
    }

    [Fact]
    public async Task RunAsync_ShouldSeeWhatAnAbortedTransactionLeft_OnlyWhenItReadsUncommitted()
    {
        var harness = await ScoredAsync();
        var scored = await harness.Kafka.ReadToEndAsync(harness.Scored);
        using (var producer = harness.Kafka.Transactional())
        {
            producer.BeginTransaction();
            producer.Produce(new TopicPartition(harness.Scored, scored[0].Partition), scored[0].Message);
            producer.Flush();
            producer.AbortTransaction();
        }

        Assert.True((await AuditAsync(harness, Whole)).IsFine);
        Assert.Equal(1, (await AuditAsync(harness, Whole with { Isolation = IsolationLevel.ReadUncommitted })).Total.Doubled);
    }

    [Fact]
    public async Task RunAsync_ShouldKeepToTheRange()
    {
        var harness = await ScoredAsync();
        var all = await AuditAsync(harness, Whole);
        var partition = all.Partitions.First(p => p.Consumed > 3);
        var (from, to) = (partition.From!.Value + 1, partition.To!.Value - 1);

        var offsets = await AuditAsync(harness, Whole with { From = Bound("--from", $"{partition.Partition}:{from}"), To = Bound("--to", $"{partition.Partition}:{to}") });

        var only = Assert.Single(offsets.Partitions);
        Assert.True(offsets.IsFine);
        Assert.Equal((partition.Partition, from, to), (only.Partition, only.From, only.To));
        Assert.True(only.Consumed < partition.Consumed);
        Assert.True(offsets.Strays[Output.Scored].OutsideRange > 0);
        var future = await AuditAsync(harness, Whole with { From = Bound("--from", DateTimeOffset.UtcNow.AddDays(1).ToString("O", CultureInfo.InvariantCulture)) });
        Assert.Equal(0, future.Total.Consumed);
        var past = await AuditAsync(harness, Whole with { From = Bound("--from", "2020-01-01") });
        Assert.Equal(all.Total.Consumed, past.Total.Consumed);
        Assert.True(past.IsFine);
    }

    [Fact]
    public async Task Read_ShouldNameTheOffsetThatAnOpenTransactionHolds()
    {
        var harness = await WorkerHarness.CreateAsync(await kafka.GetAsync(), partitions: 1);
        await harness.Kafka.ProduceAsync(harness.Scored, [WorkerHarness.Raw("k", "{}"), WorkerHarness.Raw("k", "{}")]);
        using var producer = harness.Kafka.Transactional();
        producer.BeginTransaction();
        producer.Produce(new TopicPartition(harness.Scored, 0), WorkerHarness.Raw("k", "{}"));
        producer.Flush();
        using var cluster = Cluster.Connect(harness.Settings.Kafka);
        var range = await TopicRange.WholeAsync(cluster, harness.Scored);
        var read = 0;

        var stalled = Assert.Throws<StartupException>(() => new RangeReader<bool>(harness.Settings.Kafka, IsolationLevel.ReadCommitted, HasValue.Instance) { Patience = TimeSpan.FromSeconds(1) }
            .Read(range, _ => read++, CancellationToken.None));

        Assert.Equal(2, read);
        Assert.Contains("gave nothing after offset 2 ", stalled.Message, StringComparison.Ordinal);
        Assert.Contains("an open transaction", stalled.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("posts.none", null, null, null, "The topic 'posts.none' does not exist")]
    [InlineData(null, "7:0", null, null, "has no partition 7")]
    [InlineData(null, "0:5", "1:9", null, "name different partitions: 0 and 1")]
    [InlineData(null, "0:500", null, null, "--from 0:500 lies after the end of the partition")]
    [InlineData(null, "9", "3", null, "--from lies after --to")]
    [InlineData(null, "2026-11-21T10:00Z", "2026-11-21T09:00Z", null, "is not before")]
    [InlineData(null, null, null, "nobody", "The group 'nobody' has committed no offset")]
    public async Task RunAsync_ShouldSayWhatIsWrong(string? topic, string? from, string? to, string? group, string expected)
    {
        var harness = await WorkerHarness.CreateAsync(await kafka.GetAsync());
        var settings = topic is null ? harness.Settings : harness.Settings with { Consume = harness.Settings.Consume with { Topic = topic } };
        var request = Whole with { From = Bound("--from", from), To = Bound("--to", to), Group = group };

        var fault = await Assert.ThrowsAsync<StartupException>(() => new AuditRun(settings, request, Silent).RunAsync(CancellationToken.None));

        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', fault.Message);
    }

    [Fact]
    public async Task RunAsync_ShouldSayThatNoBrokerAnswers()
    {
        var settings = new Settings { Kafka = new KafkaOptions { BootstrapServers = "127.0.0.1:1", ConnectTimeout = TimeSpan.FromSeconds(1) } };

        var fault = await Assert.ThrowsAsync<StartupException>(() => new AuditRun(settings, Whole, Silent).RunAsync(CancellationToken.None));

        Assert.StartsWith("No Kafka broker answered at 127.0.0.1:1", fault.Message, StringComparison.Ordinal);
    }

    /// <summary>Twenty posts, four bad records and two tombstones, all scored; between them what two transactions left, one of them aborted.</summary>
    private async Task<WorkerHarness> ScoredAsync()
    {
        var harness = await WorkerHarness.CreateAsync(await kafka.GetAsync());
        await harness.Kafka.ProduceAsync(harness.Input, Posts(0, 10));
        using (var producer = harness.Kafka.Transactional())
        {
            foreach (var commit in new[] { false, true })
            {
                producer.BeginTransaction();
                foreach (var post in Posts(10, 5))
                {
                    producer.Produce(harness.Input, post);
                }

                producer.Flush();
                (commit ? (Action)producer.CommitTransaction : producer.AbortTransaction)();
            }
        }

        await harness.Kafka.ProduceAsync(harness.Input, [.. Posts(15, 5), .. Enumerable.Range(0, 4).Select(i => WorkerHarness.Raw($"k{i}", "{")), WorkerHarness.Raw("k1", null), WorkerHarness.Raw("k2", null)]);
        await harness.RunUntilAsync(scored: 20 + 2, deadLetters: 4);
        return harness;
    }

    private static IEnumerable<Message<byte[]?, byte[]?>> Posts(int first, int count)
        => Enumerable.Range(first, count).Select(i => WorkerHarness.Post($"k{i % 5}", $"{i}", i % 4 == 0 ? "I hate all of these immigrants, they are vermin and should be wiped out" : $"a lovely day, number {i}"));

    private static Task<AuditReport> AuditAsync(WorkerHarness harness, AuditRequest request) => new AuditRun(harness.Settings, request, Silent).RunAsync(CancellationToken.None);

    private static bool IsFlagged(ConsumeResult<byte[]?, byte[]?> record) => new ScoredParser(record.Topic[..record.Topic.LastIndexOf('.')]).Deserialize(record.Message.Value, false, SerializationContext.Empty).NotAllowed;

    private static RangeBound? Bound(string option, string? text) => RangeBound.Parse(option, text);

    private static Progress Silent => new(TextWriter.Null, TimeProvider.System, enabled: false);
}
