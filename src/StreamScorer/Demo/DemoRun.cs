using StreamScorer.Configure;

namespace StreamScorer.Demo;

/// <summary>Names of the topics that the demo uses.</summary>
internal sealed record DemoTopics(string Posts, string Scored, string Flagged, string DeadLetter);

/// <summary>What the worker says of itself.</summary>
internal readonly record struct WorkerCounts(long Consumed, long Filtered);

/// <summary>
/// The demo from begin to end: replay, worker, tally and screen side by side; then wait until everything has its outcome, stop the
/// worker, and reckon.
/// </summary>
/// <param name="worker">Runs the worker until it is told to stop, and returns when it has drained.</param>
/// <param name="told">Totals of the worker.</param>
internal sealed class DemoRun(
    ReplayOptions options, SamplePosts samples, DemoTopics topics, DemoTitle title, Screen screen, Func<CancellationToken, Task> worker, Func<WorkerCounts> told, TimeProvider time)
{
    /// <summary>The worker has ended, so its outcomes are in their topics and only need to be read.</summary>
    private static readonly TimeSpan ArrivalLimit = TimeSpan.FromSeconds(5);

    private readonly OutcomeBook _book = new(time);
    private readonly long _started = time.GetTimestamp();
    private TimeSpan? _elapsed;

    /// <summary>No new outcome for so long: what is missing will not come. (default: 30 s)</summary>
    public TimeSpan StallLimit { get; init; } = TimeSpan.FromSeconds(30);

    /// <param name="stop">Ends the replay early. What was sent by then and read by the worker is still counted to its end.</param>
    /// <returns>The exit code: 0 only when the count is even.</returns>
    public async Task<int> RunAsync(CancellationToken stop)
    {
        using var endReplay = CancellationTokenSource.CreateLinkedTokenSource(stop);
        using var endWorker = new CancellationTokenSource();
        using var endTally = new CancellationTokenSource();
        using var endScreen = new CancellationTokenSource();
        var replay = new Replay(new DemoRecords(samples, options), options, _book, time);
        DemoSnapshot Read() => Snapshot(replay.IsBurst);

        var tallying = new Tally(_book, topics.Scored, topics.Flagged, topics.DeadLetter).RunAsync(title.BootstrapServers, endTally.Token);
        var working = worker(endWorker.Token);
        var replaying = replay.RunAsync(new KafkaOptions { BootstrapServers = title.BootstrapServers }, topics.Posts, endReplay.Token);
        var drawing = screen.RunAsync(Read, endScreen.Token);
        try
        {
            await EndOf(replaying, working, tallying);
            await EndOf(SettledAsync(counts => counts.Consumed >= _book.Counts.Sent - _book.Counts.SendFailures, StallLimit, stop), working, tallying);
            _elapsed = time.GetElapsedTime(_started);
            await endWorker.CancelAsync();
            await working;
            await EndOf(SettledAsync(_ => true, StallLimit < ArrivalLimit ? StallLimit : ArrivalLimit, CancellationToken.None), tallying);
        }
        finally
        {
            await Task.WhenAll(endReplay.CancelAsync(), endWorker.CancelAsync(), endTally.CancelAsync(), endScreen.CancelAsync());
            await Task.WhenAll(tallying, working, replaying, drawing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await drawing;
        var reckoning = new Reckoning(stop.IsCancellationRequested ? null : options.Posts, _book.Counts, told().Consumed, told().Filtered);
        screen.Summarise(Read(), reckoning);
        return reckoning.ExitCode;
    }

    /// <summary>Waits for the first task; should one of the others end before it, with a fault as a rule, that is the end.</summary>
    private static async Task EndOf(Task task, params Task[] others) => await await Task.WhenAny([task, .. others]);

    /// <summary>Waits until everything the worker read has its outcome and <paramref name="allRead"/> holds, or nothing has moved for the limit.</summary>
    private async Task SettledAsync(Func<WorkerCounts, bool> allRead, TimeSpan limit, CancellationToken stop)
    {
        var last = (told(), 0L);
        var moved = time.GetTimestamp();
        while (!stop.IsCancellationRequested && time.GetElapsedTime(moved) < limit)
        {
            var now = (Worker: told(), _book.Counts.Outcomes);
            if (now.Worker.Consumed == now.Outcomes + now.Worker.Filtered && allRead(now.Worker))
            {
                return;
            }

            moved = now == last ? moved : time.GetTimestamp();
            last = now;
            await Task.Delay(TimeSpan.FromMilliseconds(50), time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private DemoSnapshot Snapshot(bool isBurst) => new()
    {
        Elapsed = _elapsed ?? time.GetElapsedTime(_started),
        Counts = _book.Counts,
        Filtered = told().Filtered,
        RateHistory = _book.RateHistory,
        IsBurst = isBurst,
        Latency = _book.Latency,
        Decisions = _book.Decisions,
        Flags = _book.Flags,
        LatestFlagged = _book.LatestFlagged,
        Title = title,
    };
}
