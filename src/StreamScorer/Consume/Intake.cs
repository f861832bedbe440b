using System.Runtime.ExceptionServices;

namespace StreamScorer.Consume;

/// <summary>
/// The open micro-batch. Consume adds to it without ever waiting; Encode takes from it the moment it is free. So trickle
/// traffic goes on at once, one record at a time, and a backlog grows the micro-batch to its limit: no linger timer.
/// </summary>
/// <remarks>It does not bound itself: the source looks at <see cref="Waiting"/> and pauses, because a record that was polled cannot be refused; one that can wait calls <see cref="WaitForRoom"/>.</remarks>
internal sealed class Intake
{
    private readonly Lock _gate = new();
    private Queue<SourceRecord> _open = new();
    private long _bytes;
    private bool _completed;
    private Exception? _fault;
    private TaskCompletionSource? _taker;
    private TaskCompletionSource? _filler;

    /// <summary>Raised, outside the lock, each time records were taken: there is room again.</summary>
    public event Action? Taken;

    /// <summary>Records and bytes waiting, not yet taken by Encode.</summary>
    public (int Records, long Bytes) Waiting
    {
        get
        {
            lock (_gate)
            {
                return (_open.Count, _bytes);
            }
        }
    }

    /// <summary>Blocks while what waits is too much by <paramref name="isFull"/>, which is asked again each time records went out. For one source, on a thread of its own.</summary>
    /// <exception cref="OperationCanceledException"><paramref name="end"/> came first.</exception>
    public void WaitForRoom(Func<(int Records, long Bytes), bool> isFull, CancellationToken end)
    {
        while (true)
        {
            Task taken;
            lock (_gate)
            {
                if (!isFull((_open.Count, _bytes)))
                {
                    return;
                }

                _filler ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                taken = _filler.Task;
            }

            taken.Wait(end);
        }
    }

    /// <summary>Adds to the open micro-batch; void once completed.</summary>
    public void Add(SourceRecord record)
    {
        lock (_gate)
        {
            if (_completed)
            {
                return;
            }

            _open.Enqueue(record);
            _bytes += record.Bytes;
            Wake(ref _taker);
        }
    }

    /// <summary>No more records come. What waits can still be taken, unless the source failed.</summary>
    public void Complete(Exception? fault = null)
    {
        lock (_gate)
        {
            _completed = true;
            _fault ??= fault;
            Wake(ref _taker);
        }
    }

    /// <summary>Takes out the waiting records for which <paramref name="match"/> holds, such as those of a partition that is no longer ours.</summary>
    /// <returns>The records taken out, in order.</returns>
    public IReadOnlyList<SourceRecord> Withdraw(Predicate<SourceRecord> match)
    {
        lock (_gate)
        {
            var withdrawn = _open.Where(record => match(record)).ToList();
            _open = new Queue<SourceRecord>(_open.Where(record => !match(record)));
            _bytes = _open.Sum(record => (long)record.Bytes);
            Wake(ref _filler);
            return withdrawn;
        }
    }

    /// <summary>
    /// Seals the open micro-batch and takes it: at once when a record waits, else as soon as the first one comes. At least
    /// one record, and then as many as fit <paramref name="limit"/>.
    /// </summary>
    /// <param name="alone">Tells a record that must be a micro-batch of its own.</param>
    /// <returns>The records in order of arrival; null when completed and empty.</returns>
    /// <exception cref="Exception">The fault that the source completed with.</exception>
    public async ValueTask<SealedRecords?> TakeAsync(MicroBatchLimit limit, Predicate<SourceRecord>? alone, CancellationToken abort)
    {
        while (true)
        {
            abort.ThrowIfCancellationRequested();
            if (TryTake(limit, alone, out var taken, out var wait))
            {
                Taken?.Invoke();
                return taken;
            }

            await wait.WaitAsync(abort);
        }
    }

    private bool TryTake(MicroBatchLimit limit, Predicate<SourceRecord>? alone, out SealedRecords? taken, out Task wait)
    {
        taken = null;
        wait = Task.CompletedTask;
        lock (_gate)
        {
            if (_fault is not null)
            {
                ExceptionDispatchInfo.Throw(_fault);
            }

            if (_open.Count > 0)
            {
                taken = alone is null ? Seal(limit.Records, limit.Bytes) : alone(_open.Peek()) ? Seal(1, limit.Bytes) : Seal(Math.Min(limit.Records, _open.TakeWhile(record => !alone(record)).Count()), limit.Bytes);
                return true;
            }

            _taker = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            wait = _taker.Task;
            return _completed;
        }
    }

    private SealedRecords Seal(int maxRecords, long maxBytes)
    {
        var records = new List<SourceRecord>(Math.Min(_open.Count, maxRecords));
        long bytes = 0;
        while (_open.TryPeek(out var next) && records.Count < maxRecords && (records.Count == 0 || bytes + next.Bytes <= maxBytes))
        {
            records.Add(_open.Dequeue());
            bytes += next.Bytes;
        }

        _bytes -= bytes;
        Wake(ref _filler);
        return new SealedRecords(records, bytes, _open.Count == 0 ? "ready" : records.Count == maxRecords ? "records" : "bytes");
    }

    private static void Wake(ref TaskCompletionSource? waiter)
    {
        waiter?.TrySetResult();
        waiter = null;
    }
}

/// <summary>A run of records in order of arrival.</summary>
/// <param name="By">What ended the run: <c>ready</c> (all that waited was taken), <c>records</c> or <c>bytes</c> (that limit).</param>
internal sealed record SealedRecords(IReadOnlyList<SourceRecord> Records, long Bytes, string By);
