using System.Collections.Concurrent;

namespace StreamScorer;

/// <summary>
/// A thread of its own for calls that block in native code: one after the other, in the order of asking. One thread for all of them and not a new one each time,
/// because a thread that ended leaves about two KiB of native memory behind until .NET collects its last generation, which a worker at rest hardly ever does.
/// </summary>
internal sealed class CallThread : IDisposable
{
    private readonly BlockingCollection<(Action Call, TaskCompletionSource Returned)> _calls = [];

    /// <param name="name">For debuggers and dumps.</param>
    public CallThread(string name) => new Thread(Run) { IsBackground = true, Name = name }.Start();

    /// <summary>Completes when the call has come back, with its exception if it threw one.</summary>
    public Task RunAsync(Action call)
    {
        var returned = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _calls.Add((call, returned));
        return returned.Task;
    }

    /// <summary>Does not wait: a call that never comes back keeps its thread until the process ends.</summary>
    public void Dispose() => _calls.CompleteAdding();

    private void Run()
    {
        foreach (var (call, returned) in _calls.GetConsumingEnumerable())
        {
            try
            {
                call();
                returned.SetResult();
            }
            catch (Exception e)
            {
                returned.SetException(e);
            }
        }

        _calls.Dispose();
    }
}
