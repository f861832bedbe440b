using System.Text;
using StreamScorer.Configure;
using StreamScorer.Demo;
using StreamScorer.Shared.Contracts;
using StreamScorer.Tests.Kafka;

namespace StreamScorer.Tests.Demo;

public sealed class ReplayTests : IDisposable
{
    private const string Topic = "posts";

    private static readonly SamplePosts Samples = new([.. Enumerable.Range(0, 100).Select(i => new SamplePost($"s:{i}", $"text {i}"))]);

    private readonly EmbeddedKafka _kafka = new();
    private readonly OutcomeBook _book = new(TimeProvider.System);

    public ReplayTests() => _kafka.Broker.CreateTopic(Topic, 3);

    public void Dispose() => _kafka.Dispose();

    [Fact]
    public async Task RunAsync_ShouldSendEveryRecordInTheOrderOfItsKey()
    {
        var options = new ReplayOptions { Posts = 500, Rate = 20_000, MalformedEvery = 20 };

        await Replay(options).RunAsync(new KafkaOptions { BootstrapServers = _kafka.BootstrapServers }, Topic, CancellationToken.None).WaitAsync(TestKafka.Limit);

        var expected = new DemoRecords(Samples, options).ToLookup(record => record.Author, record => record.Number);
        var sent = (await _kafka.ReadToEndAsync(Topic)).ToLookup(
            record => Encoding.UTF8.GetString(record.Message.Key!),
            record => long.Parse(Encoding.ASCII.GetString(record.Message.Headers.GetLastBytes(DemoRecord.NumberHeader)), null));
        Assert.Equal(500, _book.Counts.Sent);
        Assert.Equal(expected.Count, sent.Count);
        Assert.All(expected, author => Assert.Equal(author, sent[author.Key]));
        Assert.Equal(expected.SelectMany(n => n).Count(n => new DemoRecords(Samples, options).ElementAt((int)n).Defect == Defect.Tombstone), _book.Counts.Tombstones);
    }

    [Fact]
    public async Task RunAsync_ShouldHoldBack_WhenTooManyWait()
    {
        using var stop = new CancellationTokenSource();
        var running = Replay(new ReplayOptions { Rate = 100_000, MaxWaiting = 50, MalformedEvery = 0 }).RunAsync(new KafkaOptions { BootstrapServers = _kafka.BootstrapServers }, Topic, stop.Token);

        Assert.Equal(50, (await _kafka.ReadAsync(Topic, 50)).Count);
        Assert.Equal(50, _book.Counts.Sent);
        foreach (var offset in Enumerable.Range(0, 30))
        {
            _book.Scored(new RecordSource(Topic, 0, offset, 0), Decision.Allow, []);
        }

        Assert.Equal(80, (await _kafka.ReadAsync(Topic, 80)).Count);
        await stop.CancelAsync();
        await running.WaitAsync(TestKafka.Limit);
        Assert.Equal(80, _book.Counts.Sent);
    }

    [Fact]
    public async Task RunAsync_ShouldEndWithEverythingAcknowledged_WhenStopped()
    {
        using var stop = new CancellationTokenSource();
        var running = Replay(new ReplayOptions { Rate = 5_000 }).RunAsync(new KafkaOptions { BootstrapServers = _kafka.BootstrapServers }, Topic, stop.Token);
        await _kafka.ReadAsync(Topic, 100);

        await stop.CancelAsync();
        await running.WaitAsync(TestKafka.Limit);

        Assert.Equal(_book.Counts.Sent, (await _kafka.ReadToEndAsync(Topic)).Count);
    }

    private Replay Replay(ReplayOptions options) => new(new DemoRecords(Samples, options), options, _book, TimeProvider.System);
}
