using Microsoft.Extensions.Logging;

namespace StreamScorer.Operate;

/// <summary>Looks once a second whether the worker is ready; counts and tells when that changes, because a scrape may come too late to see it.</summary>
internal sealed partial class ReadinessWatch(HealthState health, Telemetry telemetry, ILogger<ReadinessWatch> logger) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private Task _loop = Task.CompletedTask;
    private bool _ready;

    /// <summary>Looks until it is disposed.</summary>
    public ReadinessWatch Start(TimeProvider time)
    {
        _loop = RunAsync(time);
        return this;
    }

    public void Look()
    {
        var report = health.Ready();
        if (report.Ok == _ready)
        {
            return;
        }

        _ready = report.Ok;
        telemetry.ReadinessChanged(_ready);
        if (_ready)
        {
            LogReady(logger);
        }
        else if (string.Join("; ", report.Checks.Where(check => !check.Ok && check.Name != HealthState.DrainingCheck).Select(check => $"{check.Name}: {check.Why}")) is { Length: > 0 } why)
        {
            LogNotReady(logger, why);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
    }

    private async Task RunAsync(TimeProvider time)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                Look();
            }
        }
        catch (OperationCanceledException)
        {
            // The worker ends.
        }
    }

    [LoggerMessage(1205, LogLevel.Information, "Ready.")]
    private static partial void LogReady(ILogger logger);

    [LoggerMessage(1206, LogLevel.Warning, "Not ready: {Why}.")]
    private static partial void LogNotReady(ILogger logger, string why);
}
