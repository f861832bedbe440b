using Microsoft.Extensions.Logging;

namespace StreamScorer.Operate.Otlp;

/// <summary>Tells, at most once a minute, that a collector takes nothing, and once that it does again. Thread-safe.</summary>
internal sealed partial class OtlpReport(Uri endpoint, Telemetry telemetry, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private readonly HashSet<string> _failing = [];
    private long? _told;
    private int _missed;
    private bool _ended;

    public void Failed(string signal, string why)
    {
        telemetry.OtlpFailed(signal);
        lock (_gate)
        {
            _failing.Add(signal);
            _missed++;
            if (_ended || (_told is { } told && time.GetElapsedTime(told) < Interval))
            {
                return;
            }

            LogFailed(logger, signal, endpoint, why, _missed);
            (_told, _missed) = (time.GetTimestamp(), 0);
        }
    }

    public void Delivered(string signal)
    {
        lock (_gate)
        {
            if (_failing.Remove(signal) && _failing.Count == 0 && !_ended)
            {
                LogDelivered(logger, endpoint);
            }
        }
    }

    /// <summary>The worker ends: what comes after it is of no interest.</summary>
    public void End()
    {
        lock (_gate)
        {
            _ended = true;
        }
    }

    /// <summary>A collector is down, silent, refuses, or speaks another protocol. At most once a minute; <c>streamscorer_otlp_failures_total</c> counts all.</summary>
    /// <remarks>As the message says. The stream is not touched; what could not be pushed is lost.</remarks>
    [LoggerMessage(1502, LogLevel.Warning, "Telemetry ({Signal}) does not reach {Endpoint}: {Why} The stream goes on without; pushes missed: {Missed}.")]
    private static partial void LogFailed(ILogger logger, string signal, Uri endpoint, string why, int missed);

    /// <summary>The collector takes everything again.</summary>
    /// <remarks>-</remarks>
    [LoggerMessage(1503, LogLevel.Information, "Telemetry reaches {Endpoint} again.")]
    private static partial void LogDelivered(ILogger logger, Uri endpoint);
}
