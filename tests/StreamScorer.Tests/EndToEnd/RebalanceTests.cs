using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using StreamScorer.Tests.Kafka;

namespace StreamScorer.Tests.EndToEnd;

/// <summary>Partitions that move between workers while posts flow. On a real Kafka only: the embedded broker's groups prove little.</summary>
public sealed class RebalanceTests(RealKafkaFixture kafka)
{
    private const int Chunk = 30;

    [Fact]
    public async Task Workers_ShouldShareThePartitions_AndRepeatNothing_WhenOneJoinsAndTheOtherLeaves()
    {
        var harness = await WorkerHarness.CreateAsync(await kafka.GetAsync(), partitions: 6);
        var quick = new Dictionary<string, string> { ["heartbeat.interval.ms"] = "300", ["session.timeout.ms"] = "6000" };
        var settings = harness.Settings with { Kafka = harness.Settings.Kafka with { Properties = quick } };
        await using var first = await Worker.OpenAsync(settings, NullLoggerFactory.Instance, TimeProvider.System);
        await using var second = await Worker.OpenAsync(settings, NullLoggerFactory.Instance, TimeProvider.System);
        using var stopFirst = new CancellationTokenSource();
        using var stopSecond = new CancellationTokenSource();

        var sent = await FlowAsync(harness, 0, () => false);
        var firstRuns = first.RunAsync(stopFirst.Token);
        sent = await FlowAsync(harness, sent, () => first.Telemetry.Read().Scored > 0);
        var secondRuns = second.RunAsync(stopSecond.Token);
        sent = await FlowAsync(harness, sent, () => second.Telemetry.Read().Scored > 0);
        var firstsShare = first.Telemetry.Read().Scored;
        sent = await FlowAsync(harness, sent, () => first.Telemetry.Read().Scored > firstsShare);
        await stopFirst.CancelAsync();
        await firstRuns.WaitAsync(WorkerHarness.Limit);
        sent = await FlowAsync(harness, sent, () => true);
        await stopSecond.CancelAsync();
        await secondRuns.WaitAsync(WorkerHarness.Limit);

        var scored = await harness.Kafka.ReadToEndAsync(harness.Scored);
        var ids = scored.Select(record => JsonDocument.Parse(record.Message.Value).RootElement.GetProperty("id").GetString()).ToList();
        Assert.Equal(sent, ids.Distinct().Count());
        Assert.Equal(sent, ids.Count);
        Assert.Equal(sent, first.Telemetry.Read().Scored + second.Telemetry.Read().Scored);
        Assert.Equal(sent, await harness.CommittedAsync());
    }

    /// <summary>Sends posts, chunk by chunk, and waits for their scores each time, until <paramref name="seen"/>; the first chunk only sends.</summary>
    private static async Task<int> FlowAsync(WorkerHarness harness, int sent, Func<bool> seen)
    {
        var started = TimeProvider.System.GetTimestamp();
        do
        {
            await harness.Kafka.ProduceAsync(harness.Input, Enumerable.Range(sent, Chunk).Select(i => WorkerHarness.Post($"author-{i}", i.ToString(CultureInfo.InvariantCulture), $"post number {i}")));
            sent += Chunk;
            if (sent == Chunk)
            {
                return sent;
            }

            await harness.Kafka.ReadAsync(harness.Scored, sent, WorkerHarness.Limit);
            Assert.True(TimeProvider.System.GetElapsedTime(started) < WorkerHarness.Limit, "What the test waits for did not happen within its limit.");
        }
        while (!seen());

        return sent;
    }
}
