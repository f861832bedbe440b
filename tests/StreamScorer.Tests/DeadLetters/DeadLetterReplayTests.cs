using System.Text;
using Confluent.Kafka;
using StreamScorer.Configure;
using StreamScorer.DeadLetters;
using StreamScorer.Operate;
using StreamScorer.Publish;
using StreamScorer.Score;
using StreamScorer.Shared.Contracts;
using StreamScorer.Tests.EndToEnd;
using StreamScorer.Tests.Kafka;
using StreamScorer.Topics;

namespace StreamScorer.Tests.DeadLetters;

/// <summary>Replays on a real Kafka, because they are transactions.</summary>
public sealed class DeadLetterReplayTests(RealKafkaFixture kafka)
{
    private static readonly DeadLetterFilter All = new();
    private static readonly ReplayRequest Plain = new(To: null, MaxReplays: 3, Again: false, DryRun: false);

    [Fact]
    public async Task Run_ShouldCopyEachOriginalOnce_HoweverOftenAndWithWhateverFilterItRuns()
    {
        var harness = await WorkerHarness.CreateAsync(await kafka.GetAsync());
        await FillAsync(harness, ("not_json", 4), ("too_deep", 3));

        var first = await ReplayAsync(harness, All with { Reasons = ["too_deep"] }, Plain);
        var second = await ReplayAsync(harness, All, Plain);
        var third = await ReplayAsync(harness, All, Plain);

        Assert.Equal((3, 3, 0), (first.Matched, first.Replayed, first.Before));
        Assert.Equal((7, 4, 3), (second.Matched, second.Replayed, second.Before));
        Assert.Equal((7, 0, 7), (third.Matched, third.Replayed, third.Before));
        var copies = await harness.Kafka.ReadToEndAsync(harness.Input);
        Assert.Equal(Enumerable.Range(0, 7).Select(Value).Order(), copies.Select(c => Encoding.UTF8.GetString(c.Message.Value!)).Order());
        Assert.All(copies, copy => Assert.Equal(["own", "dlq.replays"], copy.Message.Headers.Select(h => h.Key)));
        Assert.All(copies, copy => Assert.StartsWith("k", Encoding.UTF8.GetString(copy.Message.Key!), StringComparison.Ordinal));
        Assert.Equal(7, (await ReplayAsync(harness, All, Plain with { Again = true })).Replayed);
    }

    [Fact]
    public async Task Run_ShouldOnlyCount_WhenItIsDry_AndLeaveOutWhatComesBackForEver()
    {
        var harness = await WorkerHarness.CreateAsync(await kafka.GetAsync());
        await FillAsync(harness, ("not_json", 2));
        await harness.Kafka.ProduceAsync(harness.DeadLetters, [Letter(harness, 9, "not_json", replays: 3), Letter(harness, 10, "inference", replays: 2)]);

        var dry = await ReplayAsync(harness, All, Plain with { DryRun = true });

        Assert.Equal((4, 3, 1), (dry.Matched, dry.Replayed, dry.Looping));
        Assert.Empty(await harness.Kafka.ReadToEndAsync(harness.Input));
        var real = await ReplayAsync(harness, All, Plain with { To = harness.Scored });
        Assert.Equal((4, 3, 1), (real.Matched, real.Replayed, real.Looping));
        var copies = await harness.Kafka.ReadToEndAsync(harness.Scored);
        Assert.Equal(["1", "1", "3"], copies.Select(c => Encoding.UTF8.GetString(c.Message.Headers.GetLastBytes("dlq.replays"))).Order());
    }

    [Fact]
    public async Task Run_ShouldTakeBackWhatItBegan_AndSayWhy_WhenATopicRefuses()
    {
        var harness = await WorkerHarness.CreateAsync(await kafka.GetAsync());
        await FillAsync(harness, ("not_json", 2));
        await harness.Kafka.ProduceAsync(harness.DeadLetters, [Letter(harness, 2, "not_json", size: 1_500_000)]);
        var small = harness.Settings with { Publish = harness.Settings.Publish with { MaxMessageBytes = 10_000 } };

        var fault = await Assert.ThrowsAsync<StartupException>(() => ReplayAsync(harness, All, Plain, small));

        Assert.Contains("MsgSizeTooLarge", fault.Message, StringComparison.Ordinal);
        Assert.Empty(await harness.Kafka.ReadToEndAsync(harness.Input));
        Assert.Equal(3, (await ReplayAsync(harness, All, Plain)).Replayed);
    }

    [Fact]
    public async Task Run_ShouldRefuseATopicThatIsNot_AndItsOwn()
    {
        var harness = await WorkerHarness.CreateAsync(await kafka.GetAsync());
        await FillAsync(harness, ("not_json", 1));

        Assert.Contains("does not exist", (await Assert.ThrowsAsync<StartupException>(() => ReplayAsync(harness, All, Plain with { To = "none" }))).Message, StringComparison.Ordinal);
        Assert.Contains("into their own topic", (await Assert.ThrowsAsync<StartupException>(() => ReplayAsync(harness, All, Plain with { To = harness.DeadLetters }))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Find_ShouldGiveTheLetterAtAPlace_OrSayThatThereIsNone()
    {
        var harness = await WorkerHarness.CreateAsync(await kafka.GetAsync(), partitions: 1);
        await FillAsync(harness, ("not_json", 3));
        await ReplayAsync(harness, All, Plain); // markers and a commit marker behind them
        using var cluster = Cluster.Connect(harness.Settings.Kafka);

        Assert.Equal(Value(1), Encoding.UTF8.GetString(DeadLetterTopic.Find(harness.Settings, cluster, 0, 1, default).Value!));
        foreach (var (partition, offset, expected) in new[] { (0, 3L, "no dead letter at 0:3"), (0, 6L, "no dead letter at 0:6"), (0, 900L, "lies after the end"), (5, 0L, "has no partition 5") })
        {
            Assert.Contains(expected, Assert.Throws<StartupException>(() => DeadLetterTopic.Find(harness.Settings, cluster, partition, offset, default)).Message, StringComparison.Ordinal);
        }
    }

    private static async Task<ReplayCounts> ReplayAsync(WorkerHarness harness, DeadLetterFilter filter, ReplayRequest request, Settings? settings = null)
    {
        using var cluster = Cluster.Connect(harness.Settings.Kafka);
        var topic = await DeadLetterTopic.OpenAsync(harness.Settings, cluster, filter, new Progress(TextWriter.Null, TimeProvider.System, enabled: false), CancellationToken.None);
        var replay = new DeadLetterReplay(settings ?? harness.Settings, cluster, topic, request);
        await Task.Run(() => replay.Run(filter, CancellationToken.None));
        return replay.Counts;
    }

    private static async Task FillAsync(WorkerHarness harness, params (string Reason, int Count)[] letters)
    {
        var reasons = letters.SelectMany(l => Enumerable.Repeat(l.Reason, l.Count)).ToList();
        await harness.Kafka.ProduceAsync(harness.DeadLetters, reasons.Select((reason, i) => Letter(harness, i, reason)));
    }

    private static Message<byte[]?, byte[]?> Letter(WorkerHarness harness, int number, string reason, int replays = 0, int size = 0)
    {
        var headers = new Headers { new Header("own", [7]) };
        if (replays > 0)
        {
            headers.Add(DeadLetter.HeaderReplays, Encoding.UTF8.GetBytes($"{replays}"));
        }

        var source = Records.At(0, number) with { Topic = harness.Input, Key = Encoding.UTF8.GetBytes($"k{number}"), Value = Encoding.UTF8.GetBytes(Value(number).PadRight(size)), Headers = headers };
        var message = Records.DeadLetter(source, new Reject(RejectReason.NotJson, "message"));
        message.Headers.Remove(Outcomes.HeaderReason);
        message.Headers.Add(Outcomes.HeaderReason, Encoding.UTF8.GetBytes(reason));
        return message;
    }

    private static string Value(int number) => $"{{broken {number}";
}
