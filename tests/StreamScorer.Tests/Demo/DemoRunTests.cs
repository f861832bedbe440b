using Microsoft.Extensions.Logging.Abstractions;
using StreamScorer.Configure;
using StreamScorer.Demo;
using StreamScorer.Operate;
using StreamScorer.Recover;
using StreamScorer.Tests.Kafka;

namespace StreamScorer.Tests.Demo;

public sealed class DemoRunTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly DemoTopics Topics = new("posts", "posts.scored", "posts.flagged", "posts.dead-letter");

    private readonly EmbeddedKafka _kafka = new();
    private readonly FakeTerminal _terminal = new(80, isTerminal: false);
    private readonly SamplePosts _samples = SamplePosts.Load();

    public DemoRunTests()
    {
        foreach (var topic in new[] { Topics.Posts, Topics.Scored, Topics.Flagged, Topics.DeadLetter })
        {
            _kafka.Broker.CreateTopic(topic, 4);
        }
    }

    public void Dispose() => _kafka.Dispose();

    [Fact]
    public async Task RunAsync_ShouldEndWithAnEvenCount_WhenTheWorkerScoresThemAll()
    {
        var settings = new Settings
        {
            Kafka = new KafkaOptions { BootstrapServers = _kafka.BootstrapServers, Properties = new Dictionary<string, string> { ["fetch.wait.max.ms"] = "10" } },
            Operate = new OperateOptions { Enabled = false },
            Recover = new RecoverOptions { Restarts = 0 },
        };
        await using var worker = await Worker.OpenAsync(settings, NullLoggerFactory.Instance, TimeProvider.System);

        // 10 of 200 are malformed, one of each kind.
        var run = Run(new ReplayOptions { Posts = 200, Rate = 2_000, MalformedEvery = 20 }, worker.RunAsync, () => worker.Telemetry.Read() is var told ? new WorkerCounts(told.Consumed, told.Filtered) : default);
        var code = await run.RunAsync(CancellationToken.None).WaitAsync(Limit);

        Assert.Contains("200 consumed = 190 scored + 9 dead letters + 1 filtered", _terminal.Written, StringComparison.Ordinal);
        Assert.Contains("Every record came out exactly once.", _terminal.Written, StringComparison.Ordinal);
        Assert.Equal(0, code);
    }

    [Fact]
    public async Task RunAsync_ShouldEndWithOne_WhenNothingComesOut()
    {
        var run = Run(new ReplayOptions { Posts = 20, Rate = 1_000 }, Forever, () => new WorkerCounts(20, 0), stallLimit: TimeSpan.FromMilliseconds(300));

        var code = await run.RunAsync(CancellationToken.None).WaitAsync(Limit);

        Assert.Equal(1, code);
        Assert.Contains("20 of 20 consumed records have no outcome.", _terminal.Written, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_ShouldEndWithZero_WhenStoppedEarlyWithNothingLost()
    {
        using var stop = new CancellationTokenSource();
        var running = Run(new ReplayOptions { Rate = 1_000 }, Forever, () => default).RunAsync(stop.Token);
        await _kafka.ReadAsync(Topics.Posts, 10);

        await stop.CancelAsync();

        Assert.Equal(0, await running.WaitAsync(Limit));
    }

    [Fact]
    public async Task RunAsync_ShouldFailAsTheWorkerDoes()
    {
        var run = Run(new ReplayOptions(), async stop => { await Task.Yield(); throw new StartupException("the worker broke"); }, () => default);

        var fault = await Assert.ThrowsAsync<StartupException>(() => run.RunAsync(CancellationToken.None).WaitAsync(Limit));

        Assert.Equal("the worker broke", fault.Message);
    }

    /// <summary>A worker that does nothing until it is stopped.</summary>
    private static async Task Forever(CancellationToken stop) => await Task.Delay(Timeout.Infinite, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private DemoRun Run(ReplayOptions options, Func<CancellationToken, Task> worker, Func<WorkerCounts> told, TimeSpan? stallLimit = null) => new(
        options,
        _samples,
        Topics,
        new DemoTitle("model", "cpu", "policy", "at least once", _kafka.BootstrapServers, Topics.Flagged, PageUrl: null),
        new Screen(_terminal.Console(), _samples, TimeProvider.System),
        worker,
        told,
        TimeProvider.System)
    {
        StallLimit = stallLimit ?? TimeSpan.FromSeconds(30),
    };
}
