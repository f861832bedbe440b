using System.Diagnostics;
using System.Globalization;

namespace Soak;

/// <param name="Posts">Records in all.</param>
/// <param name="Rate">Records a second.</param>
/// <param name="Time">As fast as the workers are for so long, in the place of so many at a rate; null: that.</param>
/// <param name="Model">Folder of a model bundle; null: the one of the trial.</param>
/// <param name="Sets">Further settings of the workers.</param>
/// <param name="Picture">File for the picture of a worker's memory.</param>
internal sealed record TrialOptions(int Posts, double Rate, TimeSpan? Time, int Seed, int Partitions, string? Model, IReadOnlyList<string> Sets, string? Picture, bool Keep)
{
    /// <summary>Posts that may be sent at most.</summary>
    public int Most => Time is { } time ? checked((int)(time.TotalSeconds * 5_000)) : Posts;

    public string Load => Time is { } time ? FormattableString.Invariant($"{time.TotalMinutes:0.#} min at full load") : FormattableString.Invariant($"at {Rate:F0}/s");
}

/// <summary>One trial: a cluster, a load, workers, and something that goes wrong until every post has its outcome.</summary>
internal sealed class Trial(string name, TrialKind kind, TrialOptions options, DevCluster cluster, SoakTopics topics, string folder, string model) : IAsyncDisposable
{
    /// <summary>Without a new outcome for so long, what is missing is lost. Long, because a machine that has other work starts a program in a minute.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>At full load so many posts are sent beyond those answered: always enough for the next micro-batches, and not the whole disk.</summary>
    private const int Backlog = 5_000;

    private readonly Dictionary<string, WorkerProcess> _workers = [];
    private readonly CancellationTokenSource _answered = new();
    private readonly MemoryWatch? _memory = kind.Memory ? new MemoryWatch() : null;

    public DevCluster Cluster => cluster;

    public SoakTopics Topics => topics;

    public string Group => topics.Posts;

    /// <summary>Where the workers remember crashes.</summary>
    public string RecoverFolder => Path.Combine(folder, "recover");

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

    /// <returns>Whether nothing was lost, doubled, disordered or altered, and each worker stopped when it was asked to.</returns>
    public async Task<bool> RunAsync(CancellationToken stop)
    {
        var watch = Stopwatch.StartNew();
        using var all = CancellationTokenSource.CreateLinkedTokenSource(stop, _answered.Token);
        var producer = new SoakProducer(cluster.Client, topics, options.Seed, options.Most);
        var verifier = Verifier();
        var first = Worker("w1");
        var load = producer.RunAsync(options.Time is null ? new Pace(options.Rate) : new Pace(0, sent => sent - verifier.Answered > Backlog, options.Time), all.Token);
        var reading = Task.Run(() => Watch(producer, verifier, stop), stop);
        var breaking = UntilAnsweredAsync(kind.Faults(this, all.Token), all.Token);
        var sampling = _memory is null ? Task.CompletedTask : UntilAnsweredAsync(_memory.RunAsync(first.Pid, all.Token), all.Token);
        try
        {
            await await Task.WhenAny(reading, FailureOf(load), FailureOf(breaking), FailureOf(sampling));
            await load;
        }
        finally
        {
            await _answered.CancelAsync();
            await load.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await breaking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // what it has broken it mends before it ends
            await sampling.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
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
        _memory?.Dispose();
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
            .. Names(), $"Kafka:GroupInstanceId={worker}", $"Kafka:ClientId={worker}",
            "Kafka:Properties:session.timeout.ms=6000", "Kafka:Properties:heartbeat.interval.ms=1000", "Kafka:Properties:max.poll.interval.ms=10000",
            $"Recover:Folder={RecoverFolder}", .. worker == "w1" && _memory is not null ? _memory.Sets : ["Operate:Enabled=false"], .. kind.Sets, .. options.Sets,
        ];
        return [Run.Program("StreamScorer", "streamscorer"), "run", "--model", model, .. sets.SelectMany(set => new[] { "--set", set })];
    }

    private SoakVerifier Verifier() => new(topics, options.Seed, options.Most, kind.Model == TrialModel.Poisoned);

    private static async Task UntilAnsweredAsync(Task task, CancellationToken until)
    {
        try
        {
            await task;
        }
        catch (OperationCanceledException) when (until.IsCancellationRequested)
        {
            // Every post is answered: enough has been broken.
        }
    }

    /// <summary>Reads the outputs while they are written, until every post is answered or nothing comes any more.</summary>
    private void Watch(SoakProducer producer, SoakVerifier verifier, CancellationToken stop)
    {
        using var reader = new SoakReader(cluster.Client, topics);
        var (last, said) = (Stopwatch.GetTimestamp(), Stopwatch.GetTimestamp());
        while (!producer.Done || verifier.Answered < producer.Sent)
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
        var fresh = Verifier();
        ReadAll(fresh);
        var faults = fresh.Close(producer.Sent);
        var ends = _workers.Values.SelectMany(w => w.BadEnds).ToList();
        var (code, audit) = await Run.ToEndAsync("dotnet", [Run.Program("StreamScorer", "streamscorer"), "audit", "--group", .. Names().SelectMany(set => new[] { "--set", set })], 1, 2);
        int Of(string kind) => faults.TryGetValue(kind, out var fault) ? fault.Count : 0;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {name} | {producer.Acknowledged} {options.Load} | {Recovery.Faults} | {fresh.Scored} + {fresh.DeadLettered} + {fresh.Erased} | {Of("lost")} | {Of("doubled")} | {faults.Where(f => f.Key is not ("lost" or "doubled")).Sum(f => f.Value.Count)} | {Recovery} | {elapsed.TotalSeconds:F0} s | {(code == 0 ? "fine" : $"exit code {code}")} |"));
        foreach (var (kind, (count, first)) in faults)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"    {count} {kind}; the first: {first}"));
        }

        foreach (var (end, times) in ends.CountBy(end => end))
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"    {end}, {times} times"));
        }

        if (_memory is not null)
        {
            var report = new MemoryReport(_memory.Samples);
            report.Lines().ToList().ForEach(line => Console.WriteLine($"    {line}"));
            report.Write(options.Picture ?? Path.Combine(folder, "memory.svg"));
        }

        if (code != 0)
        {
            Console.WriteLine(string.Join('\n', audit.TrimEnd().Split('\n').Select(line => $"    audit: {line}")));
        }

        if (live.Doubled != fresh.Doubled)
        {
            Console.WriteLine($"    read while it ran: {live.Doubled} doubled, read afterwards: {fresh.Doubled}");
        }

        return faults.Count == 0 && code == 0 && live.Doubled == 0 && _workers.Values.All(w => w.StopsAsAsked);
    }

    /// <summary>Where the worker, and the audit, find everything.</summary>
    private IEnumerable<string> Names() =>
    [
        $"Kafka:BootstrapServers={cluster.Servers}", .. cluster.Client.Where(p => p.Key != "bootstrap.servers").Select(p => $"Kafka:Properties:{p.Key}={p.Value}"), $"Kafka:GroupId={Group}",
        $"Consume:Topic={topics.Posts}", $"Publish:ScoredTopic={topics.Scored}", $"Publish:FlaggedTopic={topics.Flagged}", $"Publish:DeadLetterTopic={topics.DeadLetter}",
    ];

    private void ReadAll(SoakVerifier verifier)
    {
        using var reader = new SoakReader(cluster.Client, topics);
        while (!reader.IsAtEnd)
        {
            if (reader.Next(TimeSpan.FromSeconds(1)) is { } result)
            {
                verifier.Take(result);
            }
        }
    }
}
