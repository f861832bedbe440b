using System.Diagnostics;

namespace StreamScorer.Tests.Kafka;

/// <summary>What only Kafka's own scripts can do to a broker.</summary>
internal static class KafkaScript
{
    /// <summary>Runs a script of the distribution in KAFKA_HOME; without one the calling test is skipped.</summary>
    /// <exception cref="InvalidOperationException">It failed; the message is what it printed.</exception>
    public static async Task RunAsync(string script, params string[] arguments)
    {
        var home = Environment.GetEnvironmentVariable("KAFKA_HOME");
        Assert.SkipWhen(string.IsNullOrEmpty(home), $"{script} is needed. Set KAFKA_HOME to the folder of a Kafka distribution (needs Java 17).");
        var folder = Directory.CreateTempSubdirectory("streamscorer-script-");
        try
        {
            var start = new ProcessStartInfo("bash", [Path.Combine(home!, "bin", script), .. arguments])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                Environment = { ["LOG_DIR"] = folder.FullName, ["KAFKA_HEAP_OPTS"] = "-Xmx128m" },
            };
            using var process = Process.Start(start)!;
            var output = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync()).WaitAsync(TimeSpan.FromSeconds(60));
            await process.WaitForExitAsync();
            if (process.ExitCode != 0)
            {
                throw new InvalidOperationException($"{script} ended with exit code {process.ExitCode}: {string.Concat(output)}");
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
