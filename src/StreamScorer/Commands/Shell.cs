using System.CommandLine;
using System.Runtime.InteropServices;
using Confluent.Kafka;
using StreamScorer.Configure;
using StreamScorer.Operate;
using StreamScorer.Publish;
using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Infer;
using StreamScorer.Shared.Judge;

namespace StreamScorer.Commands;

/// <summary>What a process of ours answers with.</summary>
internal static class ExitCode
{
    public const int Ok = 0;

    /// <summary>It failed while running; nothing unacknowledged was committed.</summary>
    public const int Failed = 1;

    /// <summary>It did not start: configuration, bundle, broker, topic or port. The message says how to cure it.</summary>
    public const int CannotStart = 2;
}

/// <summary>What all commands share: options, settings, logging, signals, and how an error reaches a person.</summary>
internal static class Shell
{
    public static readonly Option<string?> Config = new("--config", "-c") { Description = "Configuration file (default: appsettings.json in the working directory, if there is one)", HelpName = "FILE" };

    public static readonly Option<string[]> Set = new("--set", "-s") { Description = "One option, for example Kafka:BootstrapServers=localhost:9092; may be repeated. Key_FILE=FILE takes the value from a file. All of them: docs/configuration.md", HelpName = "SECTION:KEY=VALUE" };

    public static readonly Option<string?> Model = new("--model", "-m") { Description = "Folder of the model bundle, short for --set Model:Bundle=…", HelpName = "FOLDER" };

    public static LoadedSettings Load(ParseResult parsed, params string[] before)
    {
        var loaded = Read(parsed, before);
        Warn(loaded);
        return loaded;
    }

    /// <summary>The same for those who tell its warnings themselves.</summary>
    public static LoadedSettings Read(ParseResult parsed, params string[] before)
    {
        string[] model = parsed.GetValue(Model) is { } folder ? [$"Model:Bundle={folder}"] : [];
        return SettingsLoader.Load(parsed.GetValue(Config), [.. before, .. model, .. parsed.GetValue(Set) ?? []]);
    }

    public static void Warn(LoadedSettings loaded)
    {
        foreach (var warning in loaded.Warnings)
        {
            Console.Error.WriteLine($"streamscorer: warning: {warning}");
        }
    }

    /// <summary>Runs a command until it ends or SIGTERM or SIGINT asks it to. A second signal ends the process at once.</summary>
    public static async Task<int> RunAsync(Func<CancellationToken, Task<int>> command)
    {
        using var stop = new CancellationTokenSource();
        using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        try
        {
            return await command(stop.Token);
        }
        catch (Exception e)
        {
            // Uncaught it would end with a core dump.
            var (message, code) = Explain(e);
            foreach (var line in message.Split('\n'))
            {
                Console.Error.WriteLine($"streamscorer: {line}");
            }

            return code;
        }

        void Stop(PosixSignalContext context)
        {
            context.Cancel = !stop.IsCancellationRequested;
            stop.Cancel();
        }
    }

    /// <summary>What a person should read, and the exit code.</summary>
    public static (string Message, int Code) Explain(Exception e) => e switch
    {
        StartupException or BundleException or PolicyException => (e.Message, ExitCode.CannotStart),
        DeliveryException or TransactionException or TimeoutException or InferenceException => (e.Message, ExitCode.Failed),
        KafkaException kafka => ($"Kafka: {kafka.Error.Reason} ({kafka.Error.Code}). Nothing unacknowledged was committed; it is read again after a restart.", ExitCode.Failed),
        _ => ($"unexpected: {e}", ExitCode.Failed), // fatal tier: nothing of ours, so whoever repairs it needs all of it
    };
}
