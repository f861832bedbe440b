using Confluent.Kafka;

namespace Soak;

/// <content>Brokers that are killed and paused.</content>
internal static partial class Trials
{
    private static async Task KillBrokersAsync(Trial trial, Func<int, Task<int?>> choose, CancellationToken until)
    {
        for (var i = 0; ; i++)
        {
            await WorkingAsync(trial, until);
            await SuperviseAsync(trial, TimeSpan.FromSeconds(10), until);
            if (await ChosenAsync(() => choose(i)) is not { } broker)
            {
                continue;
            }

            await trial.Cluster.KillAsync(broker);
            trial.Recovery.Fault();
            await SuperviseAsync(trial, TimeSpan.FromSeconds(trial.Dice.Next(4, 12)), CancellationToken.None);
            await trial.Cluster.RestartAsync(broker);
        }
    }

    /// <returns>Null: the brokers cannot say, because they are busy or still on their feet from the fault before.</returns>
    private static async Task<int?> ChosenAsync(Func<Task<int?>> choose)
    {
        try
        {
            return await choose();
        }
        catch (Exception e) when (e is KafkaException or InvalidOperationException)
        {
            Console.Error.WriteLine($"nothing to kill: {e.Message}");
            return null;
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
            await WorkingAsync(trial, until);
            await SuperviseAsync(trial, TimeSpan.FromSeconds(10), until);
            var pid = await trial.Cluster.PidAsync(trial.Cluster.Leader(trial.Topics.Scored, i % trial.Partitions));
            await Run.SignalAsync("STOP", pid);
            trial.Recovery.Fault();
            await SuperviseAsync(trial, TimeSpan.FromSeconds(15), CancellationToken.None);
            await Run.SignalAsync("CONT", pid);
        }
    }
}
