using StreamScorer.Shared.Infer;

namespace StreamScorer.Infer;

/// <summary>
/// Notices a model call that does not come back. Nothing can take such a call back (<see cref="OnnxScorer.Dispose"/> asks the runtime to end it, which it
/// does between two operators only), so the process has to end.
/// </summary>
internal sealed class CallWatch : IDisposable
{
    /// <summary>An abort waits for a call as long as this; it is many times what one operator takes.</summary>
    private static readonly TimeSpan AbortLimit = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly TaskCompletionSource<TimeSpan> _overdue = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ITimer _timer;
    private TimeSpan _limit;
    private bool _calling;

    public CallWatch(TimeSpan limit, TimeProvider time)
    {
        _limit = limit;
        _timer = time.CreateTimer(_ => Expire(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Completes with the limit once a call is over it.</summary>
    public Task<TimeSpan> Overdue => _overdue.Task;

    public void Begin() => Set(calling: true);

    public void End() => Set(calling: false);

    /// <summary>The pipeline aborts: nobody waits for the answer any more.</summary>
    public void Hurry()
    {
        lock (_gate)
        {
            _limit = _limit < AbortLimit ? _limit : AbortLimit;
            Set(_calling);
        }
    }

    public void Dispose() => _timer.Dispose();

    private void Set(bool calling)
    {
        lock (_gate)
        {
            _calling = calling;
            _timer.Change(calling ? _limit : Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }

    private void Expire()
    {
        lock (_gate)
        {
            if (_calling)
            {
                _overdue.TrySetResult(_limit);
            }
        }
    }
}
