namespace StreamScorer.Tests;

public sealed class CallThreadTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task RunAsync_ShouldCallOneAfterTheOther_OnOneThread()
    {
        using var thread = new CallThread("test");
        var seen = new List<(int Call, int Thread)>();
        await Task.WhenAll(Enumerable.Range(0, 100).Select(i => thread.RunAsync(() => seen.Add((i, Environment.CurrentManagedThreadId))))).WaitAsync(Limit);

        Assert.Equal(Enumerable.Range(0, 100), seen.Select(s => s.Call));
        Assert.Single(seen.Select(s => s.Thread).Distinct());
    }

    [Fact]
    public async Task RunAsync_ShouldThrowWhatTheCallThrew_AndGoOn()
    {
        using var thread = new CallThread("test");

        var fault = await Assert.ThrowsAsync<InvalidDataException>(() => thread.RunAsync(() => throw new InvalidDataException("made up by a test")).WaitAsync(Limit));

        Assert.Equal("made up by a test", fault.Message);
        await thread.RunAsync(() => { }).WaitAsync(Limit);
    }

    [Fact]
    public async Task Dispose_ShouldNotWaitForACallThatHangs()
    {
        using var gate = new ManualResetEventSlim();
        var thread = new CallThread("test");
        var hanging = thread.RunAsync(gate.Wait);
        var waiting = thread.RunAsync(() => { });

        thread.Dispose();

        Assert.False(hanging.IsCompleted);
        gate.Set();
        await Task.WhenAll(hanging, waiting).WaitAsync(Limit);
        Assert.ThrowsAny<InvalidOperationException>(() => { _ = thread.RunAsync(() => { }); });
    }
}
