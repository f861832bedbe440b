namespace Soak;

/// <content>Brokers that are killed and paused.</content>
internal static partial class Trials
{
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

    private static async Task OutageAsync(Trial trial, CancellationToken until)
    {
        while (true)
        {
            await WorkingAsync(trial, until);
            await SuperviseAsync(trial, TimeSpan.FromSeconds(10), until);
            await Task.WhenAll(Enumerable.Range(1, 3).Select(trial.Cluster.KillAsync));
            trial.Recovery.Fault();
            await SuperviseAsync(trial, TimeSpan.FromSeconds(trial.Dice.Next(5, 15)), CancellationToken.None);
            await trial.Cluster.StartAgainAsync();
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
}
