namespace Soak;

/// <summary>The trials by name.</summary>
internal static partial class Trials
{
    public static readonly IReadOnlyDictionary<string, TrialKind> All = new SortedDictionary<string, TrialKind>(StringComparer.Ordinal)
    {
        ["calm"] = new("nothing: what the others are compared with", NothingAsync),
        ["steady"] = new("nothing, with the default model and the memory of its worker sampled; best with --minutes 30", NothingAsync) { Model = TrialModel.Default, Memory = true },
        ["kill-worker"] = new("SIGKILL to the worker after 3 to 7 s of work, again and again", KillWorkerAsync),
        ["sigterm"] = new("SIGTERM to the worker after 3 to 7 s of work, again and again; it must end with 0", TermWorkerAsync),
        ["kill-leader"] = new("SIGKILL to the broker that leads a partition, one partition after the other", (t, until) => KillBrokersAsync(t, i => Task.FromResult<int?>(t.Cluster.Leader(i % 2 == 0 ? t.Topics.Posts : t.Topics.Scored, i % t.Partitions)), until)),
        ["kill-group-coordinator"] = new("SIGKILL to the broker that coordinates the group", (t, until) => KillBrokersAsync(t, async _ => await t.Cluster.GroupCoordinatorAsync(t.Group), until)),
        ["kill-transaction-coordinator"] = new("SIGKILL to the broker that coordinates the worker's transactions", (t, until) => KillBrokersAsync(t, _ => t.Cluster.TransactionCoordinatorAsync(t.Group), until)),
        ["outage"] = new("SIGKILL to all brokers at once; they start again after 5 to 15 s", OutageAsync),
        ["pause-worker"] = new("SIGSTOP to one of two workers for 20 s, longer than session and poll interval; its partitions go to the other, then it goes on", PauseWorkerAsync),
        ["pause-join"] = new("SIGSTOP to the worker for 3 to 9 s while another one joins, and again while that one leaves", PauseJoinAsync),
        ["pause-broker"] = new("SIGSTOP to the broker that leads a partition, for 15 s", PauseBrokerAsync),
        ["join-leave"] = new("two more workers that join and leave every few seconds", JoinLeaveAsync),
        ["revoke-open"] = new("the same with transactions of 5 s, so that one is open at nearly every revoke", JoinLeaveAsync) { Sets = ["Settle:CommitInterval=00:00:05"] },
        ["slow-model"] = new("the default model with micro-batches of 15 s, longer than the poll interval, while another worker joins and leaves", SlowAsync) { Model = TrialModel.Default, Sets = ["Consume:TargetMicroBatchDuration=00:00:15"] },
        ["poison"] = new("one post in 64 makes the model's call fail, whatever else is in it", NothingAsync) { Model = TrialModel.Poisoned },
        ["output-missing"] = new("the scored topic is missing at first; workers end and are started again until it is there", MissingAsync) { Absent = topics => topics.Scored },
        ["scored-denied"] = new("the right to write the scored topic is taken away for 15 s, again and again", (t, until) => DeniedAsync(t, t.Topics.Scored, until)) { Secure = true },
        ["dead-letter-denied"] = new("the right to write the dead-letter topic is taken away for 15 s, again and again", (t, until) => DeniedAsync(t, t.Topics.DeadLetter, until)) { Secure = true },
        ["disk-full"] = new("no space where crashes are remembered (a full tmpfs; needs root), and SIGKILL to the worker after 3 to 7 s", DiskFullAsync),
    };

    private static Task NothingAsync(Trial trial, CancellationToken until) => SuperviseAsync(trial, Timeout.InfiniteTimeSpan, until);

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
        for (var began = TimeProvider.System.GetTimestamp(); time < TimeSpan.Zero || TimeProvider.System.GetElapsedTime(began) < time; await Task.Delay(500, until))
        {
            trial.Supervise();
        }
    }
}
