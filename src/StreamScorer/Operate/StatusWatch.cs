using Microsoft.Extensions.Logging;
using StreamScorer.Shared.Contracts;

namespace StreamScorer.Operate;

/// <summary>
/// Tells how the worker is: once an interval in one line, and whenever it became ready or stopped being so. Looked at once a second, and counted, because
/// a scrape may come too late to see it.
/// </summary>
internal sealed partial class StatusWatch : IAsyncDisposable
{
    private readonly HealthState _health;
    private readonly Telemetry _telemetry;
    private readonly TimeSpan _interval;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private Ticker? _ticker;
    private Snapshot _told;
    private long _toldAt;
    private bool _ready;

    /// <param name="interval">Between two lines of status; zero: none.</param>
    public StatusWatch(HealthState health, Telemetry telemetry, TimeSpan interval, TimeProvider time, ILogger<StatusWatch> logger)
    {
        (_health, _telemetry, _interval, _time, _logger) = (health, telemetry, interval, time, logger);
        (_told, _toldAt) = (telemetry.Read(), time.GetTimestamp());
    }

    /// <summary>Looks until it is disposed.</summary>
    public StatusWatch Start()
    {
        _ticker = new Ticker(TimeSpan.FromSeconds(1), _time, Look);
        return this;
    }

    public void Look()
    {
        var report = _health.Ready();
        if (report.Ok != _ready)
        {
            Changed(report);
        }

        if (_interval > TimeSpan.Zero && _time.GetElapsedTime(_toldAt) is var elapsed && elapsed >= _interval)
        {
            var now = _telemetry.Read();
            Tell(now, elapsed.TotalSeconds, report);
            (_told, _toldAt) = (now, _time.GetTimestamp());
        }
    }

    public ValueTask DisposeAsync() => _ticker?.DisposeAsync() ?? default;

    private void Changed(HealthReport report)
    {
        _ready = report.Ok;
        _telemetry.ReadinessChanged(_ready);
        if (_ready)
        {
            LogReady(_logger);
        }
        else if (Why(report) is { Length: > 0 } why)
        {
            LogNotReady(_logger, why);
        }
    }

    private void Tell(Snapshot now, double seconds, HealthReport report)
    {
        LogStatus(
            _logger,
            Math.Round(seconds),
            Math.Round((now.Outcomes - _told.Outcomes) / seconds, 1),
            Math.Round(now.EndToEnd.P50, 2),
            Math.Round(now.EndToEnd.P99, 2),
            now.Decisions[Decision.Flag] - _told.Decisions[Decision.Flag],
            now.DeadLettered - _told.DeadLettered,
            now.Lag,
            now.Unsettled,
            string.Join(", ", _telemetry.PausedBy) is { Length: > 0 } reasons ? reasons : "nothing",
            report.Ok ? "ready" : $"not ready ({Why(report)})");
    }

    /// <summary>A stop that was asked for is no reason to complain.</summary>
    private static string Why(HealthReport report)
        => string.Join("; ", report.Checks.Where(check => !check.Ok && check.Name != HealthState.DrainingCheck).Select(check => $"{check.Name}: {check.Why}"));

    /// <summary>Posts that come now will be scored: as <c>/health/ready</c> says.</summary>
    /// <remarks>-</remarks>
    [LoggerMessage(1205, LogLevel.Information, "Ready.")]
    private static partial void LogReady(ILogger logger);

    /// <summary>The worker was ready and is not any more. The line of status repeats it while it lasts.</summary>
    /// <remarks>The check that is named says where to look: <c>assignment</c> the group, <c>kafka</c> the brokers, <c>device</c> the GPU, <c>outputs</c> the brokers and the output topics.</remarks>
    [LoggerMessage(1206, LogLevel.Warning, "Not ready: {Why}.")]
    private static partial void LogNotReady(ILogger logger, string why);

    /// <summary>Every <c>Operate:StatusInterval</c>. Ages are of the last 30 s.</summary>
    /// <remarks>-</remarks>
    [LoggerMessage(1207, LogLevel.Information,
        "Last {Seconds} s: {Rate} records/s, age p50 {P50} s, p99 {P99} s, {Flagged} flagged, {DeadLetters} dead letters; lag {Lag}, in flight {InFlight}, reading paused by {Paused}; {State}.")]
    private static partial void LogStatus(ILogger logger, double seconds, double rate, double p50, double p99, long flagged, long deadLetters, long lag, long inFlight, string paused, string state);
}
