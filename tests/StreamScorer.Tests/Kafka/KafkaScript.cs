using System.Diagnostics;

namespace StreamScorer.Tests.Kafka;

/// <summary>The scripts of a Kafka distribution.</summary>
internal static class KafkaScript
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>Runs a script of the distribution in KAFKA_HOME; without one the calling test is skipped.</summary>
    /// <exception cref="InvalidOperationException">It failed; the message is what it printed.</exception>
    public static async Task RunAsync(string script, params string[] arguments)
    {
        var home = Environment.GetEnvironmentVariable("KAFKA_HOME");
        Assert.SkipWhen(string.IsNullOrEmpty(home), $"{script} is needed. Set KAFKA_HOME to the folder of a Kafka distribution (needs Java 17).");
        var folder = Directory.CreateTempSubdirectory("streamscorer-script-");
        try
        {
            await RunAsync(Find(home!, script), folder.FullName, Limit, arguments);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <param name="folder">For its logs.</param>
    /// <exception cref="InvalidOperationException">It failed; the message is what it printed.</exception>
    public static async Task RunAsync(string path, string folder, TimeSpan limit, string[] arguments)
    {
        var command = Command(folder, [path, .. arguments]);
        command.RedirectStandardOutput = command.RedirectStandardError = true;
        using var process = Process.Start(command)!;
        process.StandardInput.Close();
        var output = Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().WaitAsync(limit);
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{path} {arguments[0]} failed with exit code {process.ExitCode} (folder {folder}):\n{string.Concat(await output)}");
        }
    }

    /// <summary>bash with Kafka's own settings of its environment.</summary>
    public static ProcessStartInfo Command(string folder, string[] arguments) => new("bash", arguments)
    {
        RedirectStandardInput = true,
        Environment = { ["LOG_DIR"] = folder, ["KAFKA_HEAP_OPTS"] = "-Xms128m -Xmx512m" },
    };

    /// <exception cref="InvalidOperationException">It is not there; the message says what to set.</exception>
    public static string Find(string home, string name)
    {
        var path = Path.Combine(home, "bin", name);
        return File.Exists(path) ? path : throw new InvalidOperationException($"KAFKA_HOME ({home}) has no bin/{name}. Set it to the folder of a Kafka distribution.");
    }
}
