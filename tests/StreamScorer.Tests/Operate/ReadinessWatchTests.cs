using Microsoft.Extensions.Logging;
using StreamScorer.Operate;

namespace StreamScorer.Tests.Operate;

public sealed class ReadinessWatchTests : IDisposable
{
    private readonly HealthState _health = new(new OperateOptions(), new ManualTime());
    private readonly Telemetry _telemetry = new(new ManualTime());
    private readonly ListLogger<ReadinessWatch> _logger = new();
    private readonly ReadinessWatch _watch;

    public ReadinessWatchTests() => _watch = new ReadinessWatch(_health, _telemetry, _logger);

    public void Dispose() => _telemetry.Dispose();

    [Fact]
    public void Look_ShouldTellOnce_WhenTheWorkerBecomesReady()
    {
        _watch.Look();
        Assert.Empty(_logger.Lines);

        _health.ModelWarm();
        _health.Assigned(2);
        _watch.Look();
        _watch.Look();

        Assert.Equal([(1205, LogLevel.Information, "Ready.")], _logger.Lines);
        Assert.Equal((1, 0), Changes());
    }

    [Fact]
    public void Look_ShouldTellWhy_WhenTheWorkerIsNotReadyAnyMore()
    {
        _health.ModelWarm();
        _health.Assigned(2);
        _watch.Look();

        _health.OutputsFine(false, "CommitTransaction has not succeeded yet");
        _watch.Look();
        _health.OutputsFine(true);
        _watch.Look();

        Assert.Equal((1206, LogLevel.Warning, "Not ready: outputs: CommitTransaction has not succeeded yet."), _logger.Lines[1]);
        Assert.Equal((2, 1), Changes());
    }

    [Fact]
    public void Look_ShouldCountButNotComplain_WhenTheWorkerStops()
    {
        _health.ModelWarm();
        _health.Assigned(2);
        _watch.Look();

        _health.Draining();
        _watch.Look();

        Assert.Single(_logger.Lines);
        Assert.Equal((1, 1), Changes());
    }

    private (int Ready, int NotReady) Changes()
    {
        using var page = new MetricsPage(_telemetry);
        var lines = page.Render().Split('\n');
        return (Count("ready"), Count("not_ready"));

        int Count(string to) => int.Parse(lines.Single(line => line.StartsWith($"streamscorer_readiness_changes_total{{to=\"{to}\"}}", StringComparison.Ordinal)).Split(' ')[1]);
    }
}
