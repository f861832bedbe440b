using System.Diagnostics;
using System.Globalization;

namespace Soak;

/// <param name="Posts">Records in all.</param>
/// <param name="Rate">Records a second.</param>
/// <param name="Model">Folder of a model bundle; null: a tiny one with random weights, so that Kafka and not the model is the limit.</param>
/// <param name="Sets">Further settings of the workers.</param>
internal sealed record TrialOptions(int Posts, double Rate, int Seed, int Partitions, string? Model, IReadOnlyList<string> Sets, bool Keep);

/// <summary>One trial: a cluster, a load, workers, and something that goes wrong until every post has its outcome.</summary>
internal sealed class Trial(string name, TrialOptions options, DevCluster cluster, SoakTopics topics, string folder, string model) : IAsyncDisposable
{
    /// <summary>Without a new outcome for so long, what is missing is lost.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly Dictionary<string, WorkerProcess> _workers = [];
    private readonly CancellationTokenSource _answered = new();

    public DevCluster Cluster => cluster;

    public SoakTopics Topics => topics;

    public string Group => topics.Posts;

    public Random Dice { get; } = new(options.Seed);

    public Recovery Recovery { get; } = new(options.Partitions);

    public int Partitions => options.Partitions;

    /// <summary>The worker of that name, made and started when it is first asked for.</summary>
    public WorkerProcess Worker(string worker)
    {
        if (!_workers.TryGetValue(worker, out var process))
        {
            _workers[worker] = process = new WorkerProcess(worker, Arguments(worker), folder);
            process.Start();
        }

        return process;
    }

    /// <summary>Starts those again that have ended by themselves.</summary>
    public void Supervise()
    {
        foreach (var worker in _workers.Values)
        {
            worker.Supervise();
        }
    }

    /// <returns>Whether nothing was lost, doubled, disordered or altered.</returns>
    public async Task<bool> RunAsync(Func<Trial, CancellationToken, Task> faults, CancellationToken stop)
    {
        var watch = Stopwatch.StartNew();
        using var all = CancellationTokenSource.CreateLinkedTokenSource(stop, _answered.Token);
        var producer = new SoakProducer(cluster.Servers, topics, options.Seed, options.Posts);
        var verifier = new SoakVerifier(topics, options.Seed, options.Posts);
        Worker("w1");
        var load = producer.RunAsync(options.Rate, stop);
        var reading = Task.Run(() => Watch(producer, verifier, stop), stop);
        var breaking = BreakAsync(faults, all.Token);
        try
        {
            await await Task.WhenAny(reading, FailureOf(load), FailureOf(breaking));
            await load;
        }
        finally
        {
            await _answered.CancelAsync();
            await breaking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // what it has broken it mends before it ends
        }

        foreach (var worker in _workers.Values)
        {
            await worker.StopAsync();
        }

        return await ReportAsync(producer, verifier, watch.Elapsed);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var worker in _workers.Values)
        {
            await worker.DisposeAsync();
        }

        _answered.Dispose();
    }

    /// <summary>Ends with the task if that fails, else never.</summary>
    private static async Task FailureOf(Task task)
    {
        await task;
        await Task.Delay(Timeout.Infinite);
    }

    private string[] Arguments(string worker)
    {
        string[] sets =
        [
            $"Kafka:BootstrapServers={cluster.Servers}", $"Kafka:GroupId={Group}", $"Kafka:GroupInstanceId={worker}", $"Kafka:ClientId={worker}",
            $"Consume:Topic={topics.Posts}", $"Publish:ScoredTopic={topics.Scored}", $"Publish:FlaggedTopic={topics.Flagged}", $"Publish:DeadLetterTopic={topics.DeadLetter}",
            "Kafka:Properties:session.timeout.ms=6000", "Kafka:Properties:heartbeat.interval.ms=1000", "Kafka:Properties:max.poll.interval.ms=10000",
            "Operate:Enabled=false", $"Recover:Folder={Path.Combine(folder, "recover")}", .. options.Sets,
        ];
        return [Run.Program("StreamScorer", "streamscorer"), "run", "--model", model, .. sets.SelectMany(set => new[] { "--set", set })];
    }

    private async Task BreakAsync(Func<Trial, CancellationToken, Task> faults, CancellationToken until)
    {
        try
        {
            await faults(this, until);
        }
        catch (OperationCanceledException) when (until.IsCancellationRequested)
        {
            // Every post is answered: enough has been broken.
        }
    }

    /// <summary>Reads the outputs while they are written, until every post is answered or nothing comes any more.</summary>
    private void Watch(SoakProducer producer, SoakVerifier verifier, CancellationToken stop)
    {
        using var reader = new SoakReader(cluster.Servers, topics);
        var (last, said) = (Stopwatch.GetTimestamp(), Stopwatch.GetTimestamp());
        while (verifier.Answered < options.Posts)
        {
            stop.ThrowIfCancellationRequested();
            if (reader.Next(TimeSpan.FromMilliseconds(50)) is { } result)
            {
                var before = verifier.Answered;
                verifier.Take(result);
                last = verifier.Answered > before ? Stopwatch.GetTimestamp() : last;
                if (result.Topic == topics.Scored)
                {
                    Recovery.Seen(result.Partition.Value, DateTimeOffset.FromUnixTimeMilliseconds(result.Message.Timestamp.UnixTimestampMs));
                }
            }

            if (Stopwatch.GetElapsedTime(last) > Patience && producer.Done)
            {
                Console.Error.WriteLine($"{name}: no new outcome for {Patience.TotalSeconds:F0} s; giving up on the rest.");
                return;
            }

            if (Stopwatch.GetElapsedTime(said) > TimeSpan.FromSeconds(10))
            {
                said = Stopwatch.GetTimestamp();
                Console.Error.WriteLine(FormattableString.Invariant($"{name}: {producer.Acknowledged} sent, {verifier.Answered} answered, {Recovery.Faults} faults"));
            }
        }
    }

    private async Task<bool> ReportAsync(SoakProducer producer, SoakVerifier live, TimeSpan elapsed)
    {
        // Once more from the beginning, by a reader that has seen nothing of the faults.
        var fresh = new SoakVerifier(topics, options.Seed, options.Posts);
        ReadAll(fresh);
        var faults = fresh.Close();
        var ends = _workers.Values.SelectMany(w => w.BadEnds).ToList();
        var (code, audit) = await Run.ToEndAsync("dotnet", [Run.Program("StreamScorer", "streamscorer"), "audit", "--group", .. AuditSets()], 1, 2);
        int Of(string kind) => faults.TryGetValue(kind, out var fault) ? fault.Count : 0;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {name} | {producer.Acknowledged} at {options.Rate:F0}/s | {Recovery.Faults} | {fresh.Scored} + {fresh.DeadLettered} + {fresh.Erased} | {Of("lost")} | {Of("doubled")} | {faults.Where(f => f.Key is not ("lost" or "doubled")).Sum(f => f.Value.Count)} | {Recovery} | {elapsed.TotalSeconds:F0} s | {(code == 0 ? "fine" : $"exit code {code}")} |"));
        foreach (var (kind, (count, first)) in faults)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"    {count} {kind}; the first: {first}"));
        }

        ends.ForEach(end => Console.WriteLine($"    {end}"));
        if (code != 0)
        {
            Console.WriteLine(string.Join('\n', audit.TrimEnd().Split('\n').Select(line => $"    audit: {line}")));
        }

        if (live.Doubled != fresh.Doubled)
        {
            Console.WriteLine($"    read while it ran: {live.Doubled} doubled, read afterwards: {fresh.Doubled}");
        }

        return faults.Count == 0 && code == 0 && live.Doubled == 0;
    }

    private IEnumerable<string> AuditSets() => new[]
    {
        $"Kafka:BootstrapServers={cluster.Servers}", $"Kafka:GroupId={Group}", $"Consume:Topic={topics.Posts}",
        $"Publish:ScoredTopic={topics.Scored}", $"Publish:FlaggedTopic={topics.Flagged}", $"Publish:DeadLetterTopic={topics.DeadLetter}",
    }.SelectMany(set => new[] { "--set", set });

    private void ReadAll(SoakVerifier verifier)
    {
        using var reader = new SoakReader(cluster.Servers, topics);
        while (!reader.IsAtEnd)
        {
            if (reader.Next(TimeSpan.FromSeconds(1)) is { } result)
            {
                verifier.Take(result);
            }
        }
    }
}
