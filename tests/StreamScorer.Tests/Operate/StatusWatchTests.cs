using Microsoft.Extensions.Logging;
using StreamScorer.Consume;
using StreamScorer.Operate;
using StreamScorer.Shared.Contracts;

namespace StreamScorer.Tests.Operate;

public sealed class StatusWatchTests : IDisposable
{
    private readonly ManualTime _time = new();
    private readonly HealthState _health;
    private readonly Telemetry _telemetry;
    private readonly ListLogger<StatusWatch> _logger = new();
    private readonly StatusWatch _watch;

    public StatusWatchTests()
    {
        (_health, _telemetry) = (new HealthState(new OperateOptions(), _time), new Telemetry(_time));
        _watch = new StatusWatch(_health, _telemetry, TimeSpan.Zero, _time, _logger);
    }

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

    [Fact]
    public void Look_ShouldTellTheStatus_OnceAnInterval()
    {
        var watch = new StatusWatch(_health, _telemetry, TimeSpan.FromMinutes(1), _time, _logger);
        _health.ModelWarm();
        _telemetry.ObservePaused(() => new Dictionary<PauseReasons, int> { [PauseReasons.Records] = 3, [PauseReasons.Bytes] = 0 });
        _telemetry.Lag("posts", 0, 12);
        for (var i = 0; i < 120; i++)
        {
            _telemetry.Consumed("posts", 0);
            _telemetry.Scored("posts", 0, i % 10 == 0 ? Decision.Flag : Decision.Allow);
        }

        for (var second = 0; second < 125; second++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            watch.Look();
        }

        Assert.Equal([1207, 1207], _logger.Lines.Select(line => line.Id));
        Assert.Equal(
            "Last 60 s: 2 records/s, age p50 0 s, p99 0 s, 12 flagged, 0 dead letters; lag 12, in flight 0, reading paused by records; not ready (assignment: waiting for the group's first assignment).",
            _logger.Lines[0].Message);
        Assert.Contains("Last 60 s: 0 records/s", _logger.Lines[1].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Look_ShouldTellNoStatus_WhenTheIntervalIsZero()
    {
        _time.Advance(TimeSpan.FromHours(1));

        _watch.Look();

        Assert.Empty(_logger.Lines);
    }

    private (int Ready, int NotReady) Changes()
    {
        using var page = new MetricsPage(_telemetry);
        var lines = page.Render().Split('\n');
        return (Count("ready"), Count("not_ready"));

        int Count(string to) => int.Parse(lines.Single(line => line.StartsWith($"streamscorer_readiness_changes_total{{to=\"{to}\"}}", StringComparison.Ordinal)).Split(' ')[1]);
    }
}
