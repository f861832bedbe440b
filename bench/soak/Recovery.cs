namespace Soak;

/// <summary>
/// Time to recover: from a fault to the moment by which every partition of the scored topic has given a reader something that was written
/// after the fault. The longest silence of any partition counts, not the first sign of life.
/// </summary>
internal sealed class Recovery(int partitions)
{
    private readonly Lock _gate = new();
    private readonly List<(DateTimeOffset At, HashSet<int> Recovered)> _open = [];
    private readonly List<TimeSpan> _times = [];
    private readonly List<(DateTimeOffset At, TaskCompletionSource Sign)> _waiting = [];

    public int Faults { get; private set; }

    public void Fault()
    {
        lock (_gate)
        {
            Faults++;
            _open.Add((DateTimeOffset.UtcNow, []));
        }
    }

    /// <summary>Completes when a reader is given anything that was written after this moment.</summary>
    public Task SignOfLifeAsync(CancellationToken until)
    {
        var sign = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            _waiting.Add((DateTimeOffset.UtcNow, sign));
        }

        return sign.Task.WaitAsync(until);
    }

    public void Seen(int partition, DateTimeOffset written)
    {
        lock (_gate)
        {
            foreach (var (_, sign) in _waiting.Where(waiting => written > waiting.At))
            {
                sign.TrySetResult();
            }

            _waiting.RemoveAll(waiting => waiting.Sign.Task.IsCompleted);
            foreach (var fault in _open.Where(fault => written > fault.At))
            {
                fault.Recovered.Add(partition);
            }

            foreach (var (at, _) in _open.Where(fault => fault.Recovered.Count == partitions))
            {
                _times.Add(DateTimeOffset.UtcNow - at);
            }

            _open.RemoveAll(fault => fault.Recovered.Count == partitions);
        }
    }

    /// <summary>For the report. Faults so late that the load ended before every partition was written to again are left out.</summary>
    public override string ToString()
    {
        lock (_gate)
        {
            return _times.Count == 0 ? "-" : FormattableString.Invariant($"{_times.Order().ElementAt(_times.Count / 2).TotalSeconds:F1} s, at most {_times.Max().TotalSeconds:F1} s");
        }
    }
}
