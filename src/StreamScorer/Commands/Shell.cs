using System.CommandLine;
using System.Runtime.InteropServices;
using Confluent.Kafka;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
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
        string[] model = parsed.GetValue(Model) is { } folder ? [$"Model:Bundle={folder}"] : [];
        var loaded = SettingsLoader.Load(parsed.GetValue(Config), [.. before, .. model, .. parsed.GetValue(Set) ?? []]);
        foreach (var warning in loaded.Warnings)
        {
            Console.Error.WriteLine($"streamscorer: warning: {warning}");
        }

        return loaded;
    }

    /// <summary>Logs go to standard error, so that standard output carries results only.</summary>
    public static ILoggerFactory Loggers(IConfiguration configuration, LogLevel least = LogLevel.Information)
        => LoggerFactory.Create(builder => builder
            .SetMinimumLevel(least)
            .AddConfiguration(configuration.GetSection("Logging"))
            .AddSimpleConsole(options =>
            {
                options.SingleLine = true;
                options.UseUtcTimestamp = true;
                options.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z' ";
                options.ColorBehavior = LoggerColorBehavior.Disabled;
            })
            .Services.Configure<ConsoleLoggerOptions>(options => options.LogToStandardErrorThreshold = LogLevel.Trace));

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
        catch (Exception e) when (e is StartupException or BundleException or PolicyException)
        {
            return Tell(e.Message, ExitCode.CannotStart);
        }
        catch (Exception e) when (e is DeliveryException or TransactionException or TimeoutException or InferenceException)
        {
            return Tell(e.Message, ExitCode.Failed);
        }
        catch (KafkaException e)
        {
            return Tell($"Kafka: {e.Error.Reason} ({e.Error.Code}). Nothing unacknowledged was committed; it is read again after a restart.", ExitCode.Failed);
        }

        catch (Exception e)
        {
            // Fatal tier: nothing of ours is expected here, so whoever repairs it needs all of it. Uncaught it would end with a core dump.
            Console.Error.WriteLine($"streamscorer: unexpected: {e}");
            return ExitCode.Failed;
        }

        void Stop(PosixSignalContext context)
        {
            context.Cancel = !stop.IsCancellationRequested;
            stop.Cancel();
        }
    }

    private static int Tell(string message, int code)
    {
        foreach (var line in message.Split('\n'))
        {
            Console.Error.WriteLine($"streamscorer: {line}");
        }

        return code;
    }
}
