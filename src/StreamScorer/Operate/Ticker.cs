namespace StreamScorer.Operate;

/// <summary>Does something at fixed intervals, until it is disposed; that waits for the work of the moment.</summary>
internal sealed class Ticker : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;

    public Ticker(TimeSpan interval, TimeProvider time, Action work) => _loop = RunAsync(interval, time, work);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
    }

    private async Task RunAsync(TimeSpan interval, TimeProvider time, Action work)
    {
        using var timer = new PeriodicTimer(interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                work();
            }
        }
        catch (OperationCanceledException)
        {
            // Disposed.
        }
    }
}
