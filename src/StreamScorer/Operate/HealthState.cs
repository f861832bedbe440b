using System.Globalization;

namespace StreamScorer.Operate;

/// <summary>One thing that must hold.</summary>
/// <param name="Why">For people, whether it holds or not; nothing of any post.</param>
internal sealed record HealthCheck(string Name, bool Ok, string Why);

/// <param name="Ok">Every check holds.</param>
internal sealed record HealthReport(bool Ok, IReadOnlyList<HealthCheck> Checks);

/// <summary>
/// What the pipeline says about itself, and what follows from it. Live: the loops turn, else only a restart helps. Ready: posts that come now will be
/// scored. Thread-safe; a call costs a lock that nobody holds for long.
/// </summary>
internal sealed class HealthState(OperateOptions options, TimeProvider time)
{
    /// <summary>Fails when the worker was asked to stop, so it is no fault.</summary>
    public const string DrainingCheck = "draining";

    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, Loop> _loops = new(StringComparer.Ordinal);
    private bool _warm;
    private bool _draining;
    private int? _partitions;
    private int _calls;
    private long _deviceMoved;
    private bool _deviceAnswered;
    private string? _brokersFault;
    private string? _outputsFault;

    /// <summary>The model has answered a first, unasked call.</summary>
    public void ModelWarm()
    {
        lock (_gate)
        {
            _warm = true;
        }
    }

    /// <param name="partitions">Partitions that are ours now; 0: idle, because the group has more workers than partitions.</param>
    public void Assigned(int partitions)
    {
        lock (_gate)
        {
            _partitions = partitions;
        }
    }

    /// <summary>A model call begins. Without it a call that never answers goes unseen here.</summary>
    public void DeviceAsked()
    {
        lock (_gate)
        {
            if (_calls++ == 0)
            {
                _deviceMoved = time.GetTimestamp();
            }
        }
    }

    /// <summary>A model call ended, well or with an error: the device still answers.</summary>
    public void DeviceAnswered()
    {
        lock (_gate)
        {
            _calls = Math.Max(0, _calls - 1);
            _deviceMoved = time.GetTimestamp();
            _deviceAnswered = true;
        }
    }

    /// <param name="fault">Why no broker answers, one line for people; null: one does.</param>
    public void Brokers(string? fault)
    {
        lock (_gate)
        {
            _brokersFault = fault;
        }
    }

    /// <param name="why">The fault, one line for people; not needed when fine.</param>
    public void OutputsFine(bool fine, string? why = null)
    {
        lock (_gate)
        {
            _outputsFault = fine ? null : why ?? "outputs fail";
        }
    }

    /// <summary>The worker stops: no new posts, those in flight are finished.</summary>
    public void Draining()
    {
        lock (_gate)
        {
            _draining = true;
        }
    }

    /// <summary>The loop has begun a turn, with work to do.</summary>
    public void Turned(string loop) => Set(loop, resting: false);

    /// <summary>The loop waits for work; so long it cannot be stuck.</summary>
    public void Rests(string loop) => Set(loop, resting: true);

    /// <summary>How long the work at hand of a loop takes already; zero while it has none.</summary>
    public TimeSpan Stuck(string loop)
    {
        lock (_gate)
        {
            return _loops.TryGetValue(loop, out var found) && !found.Resting ? time.GetElapsedTime(found.Turned) : TimeSpan.Zero;
        }
    }

    /// <summary>The loop came to its end.</summary>
    public void Ended(string loop)
    {
        lock (_gate)
        {
            _loops.Remove(loop);
        }
    }

    public HealthReport Live()
    {
        lock (_gate)
        {
            return Report([.. _loops.Select(loop => CheckLoop(loop.Key, loop.Value))]);
        }
    }

    public HealthReport Ready()
    {
        lock (_gate)
        {
            return Report(
            [
                CheckAssignment(),
                new("kafka", _brokersFault is null, _brokersFault ?? "brokers answer"),
                new("model", _warm, _warm ? "warm" : "still loading or warming up"),
                CheckDevice(),
                new("outputs", _outputsFault is null, _outputsFault ?? "outputs are accepted"),
                new(DrainingCheck, !_draining, _draining ? "stopping: no new posts are taken" : "not stopping"),
            ]);
        }
    }

    private static HealthReport Report(IReadOnlyList<HealthCheck> checks) => new(checks.All(check => check.Ok), checks);

    private static string Seconds(TimeSpan span) => span.TotalSeconds.ToString("0.#", CultureInfo.InvariantCulture) + " s";

    private HealthCheck CheckLoop(string name, Loop loop)
    {
        var since = time.GetElapsedTime(loop.Turned);
        return loop.Resting ? new(name, true, "waits for work")
            : since <= options.LoopLimit ? new(name, true, $"turned {Seconds(since)} ago")
            : _outputsFault is not null && name != "consume" ? new(name, true, $"has not turned for {Seconds(since)}, because outputs fail; a restart does not help")
            : new(name, false, $"has not turned for {Seconds(since)}, over the limit of {Seconds(options.LoopLimit)}");
    }

    private HealthCheck CheckAssignment() => _partitions switch
    {
        null => new("assignment", false, "waiting for the group's first assignment"),
        0 => new("assignment", true, "idle: no partition is assigned, others of the group have them"),
        var count => new("assignment", true, $"assigned partitions: {count}"),
    };

    private HealthCheck CheckDevice()
    {
        var since = time.GetElapsedTime(_deviceMoved);
        return _calls > 0 && since > options.DeviceLimit
            ? new("device", false, $"no answer for {Seconds(since)}, over the limit of {Seconds(options.DeviceLimit)}")
            : _calls > 0 ? new("device", true, $"working for {Seconds(since)}")
            : _deviceAnswered ? new("device", true, $"last answered {Seconds(since)} ago, nothing is asked")
            : new("device", true, "not asked yet");
    }

    private void Set(string loop, bool resting)
    {
        lock (_gate)
        {
            _loops[loop] = new Loop(time.GetTimestamp(), resting);
        }
    }

    private readonly record struct Loop(long Turned, bool Resting);
}
