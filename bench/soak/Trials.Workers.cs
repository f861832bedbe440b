namespace Soak;

/// <content>Workers that are killed, stopped, paused and joined by others.</content>
internal static partial class Trials
{
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

    private static async Task PauseWorkerAsync(Trial trial, CancellationToken until)
    {
        trial.Worker("w2");
        for (var i = 0; ; i++)
        {
            await WorkingAsync(trial, until);
            await SuperviseAsync(trial, TimeSpan.FromSeconds(10), until);
            await PauseAsync(trial, trial.Worker(i % 2 == 0 ? "w1" : "w2"), TimeSpan.FromSeconds(20), () => Task.CompletedTask);
        }
    }

    private static async Task PauseJoinAsync(Trial trial, CancellationToken until)
    {
        var other = trial.Worker("w2");
        while (true)
        {
            await WorkingAsync(trial, until);
            await SuperviseAsync(trial, TimeSpan.FromSeconds(10), until);
            await PauseAsync(trial, trial.Worker("w1"), TimeSpan.FromMilliseconds(trial.Dice.Next(3_000, 9_000)), () => other.StopAsync());
            await WorkingAsync(trial, until);
            await SuperviseAsync(trial, TimeSpan.FromSeconds(10), until);
            await PauseAsync(trial, trial.Worker("w1"), TimeSpan.FromMilliseconds(trial.Dice.Next(3_000, 9_000)), () =>
            {
                other.Start();
                return Task.CompletedTask;
            });
        }
    }

    private static async Task PauseAsync(Trial trial, WorkerProcess worker, TimeSpan time, Func<Task> meanwhile)
    {
        await Run.SignalAsync("STOP", worker.Pid);
        trial.Recovery.Fault();
        await Task.WhenAll(Task.Delay(time, CancellationToken.None), meanwhile());
        await Run.SignalAsync("CONT", worker.Pid);
    }

    private static Task JoinLeaveAsync(Trial trial, CancellationToken until)
        => Task.WhenAll(ComeAndGoAsync(trial, "w2", 1_000, 4_000, until), ComeAndGoAsync(trial, "w3", 1_000, 4_000, until));

    private static Task SlowAsync(Trial trial, CancellationToken until) => ComeAndGoAsync(trial, "w2", 15_000, 30_000, until);

    private static async Task ComeAndGoAsync(Trial trial, string name, int least, int most, CancellationToken until)
    {
        while (true)
        {
            await Task.Delay(trial.Dice.Next(least, most), until);
            var worker = trial.Worker(name);
            if (!worker.IsRunning)
            {
                worker.Start();
            }

            trial.Recovery.Fault();
            while (worker.IsRunning && !worker.Said("Ready.", sinceStart: true)) // one that leaves before it has partitions disturbs nobody
            {
                await Task.Delay(200, until);
            }

            await Task.Delay(trial.Dice.Next(least, most), until);
            trial.Recovery.Fault();
            await worker.StopAsync();
            trial.Supervise();
        }
    }
}
