using System.Text;
using System.Text.Json;
using Confluent.Kafka;
using StreamScorer.Demo;
using StreamScorer.Publish;
using StreamScorer.Shared.Contracts;
using StreamScorer.Tests.Kafka;

namespace StreamScorer.Tests.Demo;

public sealed class TallyTests : IAsyncDisposable
{
    private readonly EmbeddedKafka _kafka = new();
    private readonly OutcomeBook _book = new(TimeProvider.System);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;

    public TallyTests()
    {
        foreach (var topic in new[] { "scored", "flagged", "dead" })
        {
            _kafka.Broker.CreateTopic(topic, 2);
        }

        _running = new Tally(_book, "scored", "flagged", "dead").RunAsync(_kafka.BootstrapServers, _stop.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.WaitAsync(TestKafka.Limit);
        _stop.Dispose();
        _kafka.Dispose();
    }

    [Fact]
    public async Task RunAsync_ShouldEnterWhatArrives()
    {
        await _kafka.ProduceAsync("scored", [Scored(0, Decision.Flag), new() { Key = [1], Value = null }, Scored(1, Decision.Allow)]);
        await _kafka.ProduceAsync("flagged", [Scored(0, Decision.Flag)]);
        await _kafka.ProduceAsync("dead", [DeadLetter(2)]);

        await UntilAsync(counts => counts is { Scored: 2, Flagged: 1, DeadLettered: 1 });

        Assert.Equal(1, _book.Flags["hate"]);
        var flagged = Assert.Single(_book.LatestFlagged);
        Assert.Equal("post 0", flagged.Id);
        Assert.Equal(["hate"], flagged.Labels);
        Assert.Equal(0.93f, flagged.Probability);
        Assert.Equal(0, _book.Counts.Repeated);
    }

    [Fact]
    public async Task RunAsync_ShouldSeeASecondOutcome_EvenInAnotherTopic()
    {
        await _kafka.ProduceAsync("scored", [Scored(7, Decision.Allow), Scored(7, Decision.Allow)], partition: 0);
        await _kafka.ProduceAsync("dead", [DeadLetter(7)]);

        await UntilAsync(counts => counts.Repeated == 2);

        Assert.Equal(1, _book.Counts.Outcomes);
    }

    private async Task UntilAsync(Func<OutcomeCounts, bool> condition)
    {
        using var limit = new CancellationTokenSource(TestKafka.Limit);
        while (!condition(_book.Counts))
        {
            Assert.False(limit.IsCancellationRequested, $"Still {_book.Counts}");
            Assert.False(_running.IsFaulted, $"{_running.Exception}");
            await Task.Yield();
        }
    }

    private static Message<byte[]?, byte[]?> Scored(long offset, Decision decision) => new()
    {
        Value = JsonSerializer.SerializeToUtf8Bytes(
            new ScoredPost
            {
                Id = $"post {offset}",
                Source = new RecordSource("posts", 1, offset, 1_790_000_000_000),
                Heads = new Dictionary<string, HeadScore>(),
                Flags = decision == Decision.Flag ? ["hate"] : [],
                Decision = decision,
                Why = decision == Decision.Flag ? [new Why("hate", "hate", 0.93f, 0.8f, 0.13f, Decision.Flag)] : [],
                Text = new TextInfo(3, false, 1, []),
                Model = new ModelIdentity("m", "1", "0"),
                Policy = "p",
                Timing = new Timing(null, null, 0, 0, 0),
            },
            ContractsJson.Default.ScoredPost),
    };

    private static Message<byte[]?, byte[]?> DeadLetter(long offset) => new()
    {
        Value = "no json"u8.ToArray(),
        Headers =
        [
            Header(Outcomes.HeaderTopic, "posts"), Header(Outcomes.HeaderPartition, "1"),
            Header(Outcomes.HeaderOffset, $"{offset}"), Header(Outcomes.HeaderTimestamp, "1790000000000"),
        ],
    };

    private static Header Header(string name, string value) => new(name, Encoding.UTF8.GetBytes(value));
}
