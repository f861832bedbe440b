namespace Soak;

/// <content>Topics, rights and disks that are not as they should be. The worker has to say so, and to go on once they are.</content>
internal static partial class Trials
{
    private static async Task MissingAsync(Trial trial, CancellationToken until)
    {
        trial.Recovery.Fault();
        await EndedAsync(trial, trial.Worker("w1"), $"'{trial.Topics.Scored}' (Publish:ScoredTopic) does not exist", until);
        await SuperviseAsync(trial, TimeSpan.FromSeconds(15), until);
        await trial.Topics.CreateAsync(trial.Cluster.Client, trial.Partitions, 3, topic => topic == trial.Topics.Scored);
        await NothingAsync(trial, until);
    }

    private static async Task DeniedAsync(Trial trial, string topic, CancellationToken until)
    {
        while (true)
        {
            await WorkingAsync(trial, until);
            await SuperviseAsync(trial, TimeSpan.FromSeconds(10), until);
            await trial.Cluster.DenyWriteAsync(topic, deny: true);
            trial.Recovery.Fault();
            try
            {
                await EndedAsync(trial, trial.Worker("w1"), "Grant", until);
                await SuperviseAsync(trial, TimeSpan.FromSeconds(15), until);
            }
            finally
            {
                await trial.Cluster.DenyWriteAsync(topic, deny: false);
            }
        }
    }

    private static async Task DiskFullAsync(Trial trial, CancellationToken until)
    {
        await trial.Worker("w1").StopAsync();
        Directory.CreateDirectory(trial.RecoverFolder);
        await Run.ToEndAsync("mount", ["-t", "tmpfs", "-o", "size=16k", "tmpfs", trial.RecoverFolder]);
        try
        {
            Fill(Path.Combine(trial.RecoverFolder, "full"));
            trial.Worker("w1").Start();
            await WorkingAsync(trial, until);
            if (!trial.Worker("w1").Said("no guard against crash loops"))
            {
                throw new InvalidOperationException("The worker does not say that it cannot remember crashes; see its log.");
            }

            await KillWorkerAsync(trial, until);
        }
        finally
        {
            await Run.ToEndAsync("umount", ["-l", trial.RecoverFolder]); // lazily: the worker may have a file there
        }
    }

    /// <summary>Waits until the worker ends by itself, which it has to do with these words and an exit code other than 0.</summary>
    private static async Task EndedAsync(Trial trial, WorkerProcess worker, string words, CancellationToken until)
    {
        while (worker.IsRunning)
        {
            await Task.Delay(200, until);
        }

        trial.Supervise();
        if (!worker.Said(words))
        {
            throw new InvalidOperationException($"The worker ended and did not say '{words}'; see its log.");
        }
    }

    private static void Fill(string file)
    {
        try
        {
            using var full = new FileStream(file, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
            for (var page = new byte[4_096]; ;)
            {
                full.Write(page);
            }
        }
        catch (IOException)
        {
            // That is what it is for.
        }
    }
}
