namespace Soak;

/// <summary>What goes wrong in each trial.</summary>
internal static class Trials
{
    public static readonly IReadOnlyDictionary<string, (string What, Func<Trial, CancellationToken, Task> Faults)> All = new SortedDictionary<string, (string, Func<Trial, CancellationToken, Task>)>(StringComparer.Ordinal)
    {
        ["calm"] = ("nothing: what the others are compared with", (_, until) => Task.Delay(Timeout.Infinite, until)),
        ["kill-worker"] = ("SIGKILL to the worker after 3 to 7 s of work, again and again", KillWorkerAsync),
        ["sigterm"] = ("SIGTERM to the worker after 3 to 7 s of work, again and again; it must end with 0", TermWorkerAsync),
        ["kill-leader"] = ("SIGKILL to the broker that leads a partition, one partition after the other", (t, until) => KillBrokersAsync(t, i => Task.FromResult<int?>(t.Cluster.Leader(i % 2 == 0 ? t.Topics.Posts : t.Topics.Scored, i % t.Partitions)), until)),
        ["kill-group-coordinator"] = ("SIGKILL to the broker that coordinates the group", (t, until) => KillBrokersAsync(t, async _ => await t.Cluster.GroupCoordinatorAsync(t.Group), until)),
        ["kill-transaction-coordinator"] = ("SIGKILL to the broker that coordinates the worker's transactions", (t, until) => KillBrokersAsync(t, _ => t.Cluster.TransactionCoordinatorAsync(t.Group), until)),
        ["pause-worker"] = ("SIGSTOP to one of two workers for 20 s, longer than session and poll interval; its partitions go to the other, then it goes on", PauseWorkerAsync),
        ["pause-broker"] = ("SIGSTOP to the broker that leads a partition, for 15 s", PauseBrokerAsync),
        ["join-leave"] = ("two more workers that join and leave every few seconds", JoinLeaveAsync),
    };

    private static async Task KillWorkerAsync(Trial trial, CancellationToken until)
    {
        while (true)
        {
            var worker = trial.Worker("w1");
            await WorkingAsync(trial, until);
            await Task.Delay(trial.Dice.Next(3_000, 7_000), until);
            worker.Supervise();
            await worker.KillAsync();
            trial.Recovery.Fault();
            worker.Start();
        }
    }

    private static async Task TermWorkerAsync(Trial trial, CancellationToken until)
    {
        while (true)
        {
            var worker = trial.Worker("w1");
            await WorkingAsync(trial, until);
            await Task.Delay(trial.Dice.Next(3_000, 7_000), until);
            worker.Supervise();
            await worker.StopAsync();
            trial.Recovery.Fault();
            worker.Start();
        }
    }

    private static async Task KillBrokersAsync(Trial trial, Func<int, Task<int?>> choose, CancellationToken until)
    {
        for (var i = 0; ; i++)
        {
            await SuperviseAsync(trial, TimeSpan.FromSeconds(10), until);
            if (await choose(i) is not { } broker)
            {
                Console.Error.WriteLine("the worker has no transactions; nothing to kill");
                continue;
            }

            await trial.Cluster.KillAsync(broker);
            trial.Recovery.Fault();
            await SuperviseAsync(trial, TimeSpan.FromSeconds(trial.Dice.Next(4, 12)), CancellationToken.None);
            await trial.Cluster.RestartAsync(broker);
        }
    }

    private static async Task PauseWorkerAsync(Trial trial, CancellationToken until)
    {
        trial.Worker("w2");
        for (var i = 0; ; i++)
        {
            await SuperviseAsync(trial, TimeSpan.FromSeconds(10), until);
            var worker = trial.Worker(i % 2 == 0 ? "w1" : "w2");
            await Run.SignalAsync("STOP", worker.Pid);
            trial.Recovery.Fault();
            await Task.Delay(TimeSpan.FromSeconds(20), CancellationToken.None);
            await Run.SignalAsync("CONT", worker.Pid);
        }
    }

    private static async Task PauseBrokerAsync(Trial trial, CancellationToken until)
    {
        for (var i = 0; ; i++)
        {
            await SuperviseAsync(trial, TimeSpan.FromSeconds(10), until);
            var pid = await trial.Cluster.PidAsync(trial.Cluster.Leader(trial.Topics.Scored, i % trial.Partitions));
            await Run.SignalAsync("STOP", pid);
            trial.Recovery.Fault();
            await SuperviseAsync(trial, TimeSpan.FromSeconds(15), CancellationToken.None);
            await Run.SignalAsync("CONT", pid);
        }
    }

    private static async Task JoinLeaveAsync(Trial trial, CancellationToken until)
    {
        await Task.WhenAll(ComeAndGo("w2"), ComeAndGo("w3"));

        async Task ComeAndGo(string name)
        {
            while (true)
            {
                await Task.Delay(trial.Dice.Next(1_000, 4_000), until);
                var worker = trial.Worker(name);
                if (!worker.IsRunning)
                {
                    worker.Start();
                }

                trial.Recovery.Fault();
                await Task.Delay(trial.Dice.Next(4_000, 9_000), until);
                trial.Recovery.Fault();
                await worker.StopAsync();
            }
        }
    }

    /// <summary>A program that is killed while it still starts is killed in nothing: waits for its first outcome, and starts it again should it end before.</summary>
    private static async Task WorkingAsync(Trial trial, CancellationToken until)
    {
        var sign = trial.Recovery.SignOfLifeAsync(until);
        while (!sign.IsCompleted)
        {
            trial.Supervise();
            await Task.WhenAny(sign, Task.Delay(500, until));
        }

        await sign;
    }

    /// <summary>Waits, and starts workers again that ended by themselves, as whoever runs them would.</summary>
    private static async Task SuperviseAsync(Trial trial, TimeSpan time, CancellationToken until)
    {
        for (var end = DateTime.UtcNow + time; DateTime.UtcNow < end; await Task.Delay(500, until))
        {
            trial.Supervise();
        }
    }
}
