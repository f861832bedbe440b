using Microsoft.Extensions.Logging;

namespace StreamScorer.Consume;

/// <content>Pause and resume. Everything here runs on the consume thread.</content>
internal sealed partial class ConsumeStage
{
    private readonly ManualResetEventSlim _room = new();
    private long _stalledSince;

    /// <summary>Longer than a micro-batch takes (<see cref="ConsumeOptions.TargetMicroBatchDuration"/>), and little beside what a group grants its members for a rebalance.</summary>
    private TimeSpan RoomLimit => WithinPoll(1_000);

    /// <summary>
    /// A full intake mostly has room again as soon as Encode takes the next micro-batch. Until then it is better not to poll than to pause, because of a
    /// paused partition the client drops what it has fetched ahead. Not for long, because rebalances are answered in polls.
    /// </summary>
    private void AwaitRoom()
    {
        var started = _time.GetTimestamp();
        while (!IsPaused && !_ending.IsCancellationRequested && _settings.Consume.IsFull(_intake.Waiting) && RoomLimit - _time.GetElapsedTime(started) is { Ticks: > 0 } left)
        {
            _room.Wait(left < _settings.Settle.CommitInterval ? left : _settings.Settle.CommitInterval, CancellationToken.None);
            _room.Reset();
            CommitWhenDue();
        }
    }

    /// <summary>Pauses and resumes all partitions that are ours, and those that came meanwhile as the others.</summary>
    private void SteerPressure()
    {
        var (records, bytes) = _intake.Waiting;
        var before = _pressure.Reasons;
        var reasons = _pressure.Weigh(records, bytes, _health.Stuck("publish"), _draining);
        if (reasons != before)
        {
            Changed(before, reasons);
        }

        if (IsPaused && (before == PauseReasons.None || _newcomers))
        {
            var assigned = _consumer.Assignment;
            _consumer.Pause(assigned);
            _held.UnionWith(assigned);
        }
        else if (!IsPaused && (before != PauseReasons.None || _newcomers))
        {
            _consumer.Resume(_consumer.Assignment.Where(_held.Remove).ToList());
        }

        _newcomers = false;
    }

    /// <summary>A full intake is the rule under a backlog on a slow device, so only the counters tell it; a stalled output is not.</summary>
    private void Changed(PauseReasons before, PauseReasons now)
    {
        _telemetry.Paused(now & ~before);
        if (now.HasFlag(PauseReasons.Output) && !before.HasFlag(PauseReasons.Output))
        {
            _stalledSince = _time.GetTimestamp();
            LogStalled(_logger, Pressure.StallLimit);
        }
        else if (before.HasFlag(PauseReasons.Output) && !now.HasFlag(PauseReasons.Output))
        {
            LogFlows(_logger, Pressure.StallLimit + _time.GetElapsedTime(_stalledSince));
        }
    }

    /// <summary>Kafka has not acknowledged the outputs of a micro-batch, or a commit, for so long. Once per stall, so every few seconds at most.</summary>
    /// <remarks>Look at the brokers and at the output topics: under-replicated partitions, full disks, quotas, a network that is down. Nothing is lost; <c>Publish:DeliveryTimeout</c> says when the worker gives up.</remarks>
    [LoggerMessage(1020, LogLevel.Warning, "Reading is paused: Kafka has not accepted the outputs for {Limit}.")]
    private static partial void LogStalled(ILogger logger, TimeSpan limit);

    /// <summary>The outputs are accepted again.</summary>
    /// <remarks>-</remarks>
    [LoggerMessage(1021, LogLevel.Information, "The outputs are accepted again, after {Duration}.")]
    private static partial void LogFlows(ILogger logger, TimeSpan duration);
}
