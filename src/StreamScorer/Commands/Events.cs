using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using StreamScorer.Configure;
using StreamScorer.Operate;

namespace StreamScorer.Commands;

/// <summary>How the program tells events: as text for people, or as one JSON object a line for machines, and then nothing beside them.</summary>
internal static partial class Events
{
    private const string Timestamp = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    /// <summary>To standard error, so that standard output carries results only.</summary>
    public static ILoggerFactory Open(LoadedSettings loaded, LogLevel least = LogLevel.Information)
        => LoggerFactory.Create(builder => Format(builder.SetMinimumLevel(least).AddConfiguration(loaded.Configuration.GetSection("Logging")), loaded.Settings.Operate.LogFormat)
            .Services.Configure<ConsoleLoggerOptions>(options => options.LogToStandardErrorThreshold = LogLevel.Trace));

    /// <summary>Runs what the program is for. Where events are JSON, warnings about secrets and an end by an error are events too; as text they are the shell's to tell.</summary>
    public static async Task<int> RunAsync(LoadedSettings loaded, Func<ILoggerFactory, Task> work)
    {
        using var loggers = Open(loaded);
        var logger = loggers.CreateLogger(typeof(Events));
        var isJson = loaded.Settings.Operate.LogFormat == LogFormat.Json;
        if (!isJson)
        {
            Shell.Warn(loaded);
        }

        foreach (var warning in isJson ? loaded.Warnings : [])
        {
            LogSecret(logger, warning);
        }

        try
        {
            await work(loggers);
            return ExitCode.Ok;
        }
        catch (Exception e) when (isJson)
        {
            var (message, code) = Shell.Explain(e);
            LogEnded(logger, code, message);
            return code;
        }
    }

    private static ILoggingBuilder Format(ILoggingBuilder builder, LogFormat format) => format == LogFormat.Json
        ? builder.AddJsonConsole(options =>
        {
            options.UseUtcTimestamp = true;
            options.TimestampFormat = Timestamp;
        })
        : builder.AddSimpleConsole(options =>
        {
            options.SingleLine = true;
            options.UseUtcTimestamp = true;
            options.TimestampFormat = Timestamp + " ";
            options.ColorBehavior = LoggerColorBehavior.Disabled;
        });

    /// <summary>At start, with <c>Operate:LogFormat=Json</c>: others can see a secret. As text it is a line behind <c>streamscorer: warning:</c>.</summary>
    /// <remarks>As the message says.</remarks>
    [LoggerMessage(1210, LogLevel.Warning, "{Warning}")]
    private static partial void LogSecret(ILogger logger, string warning);

    /// <summary>The last event of a worker that failed, with <c>Operate:LogFormat=Json</c>. As text it is the last line, behind <c>streamscorer:</c>. Faults of the configuration are always told as text.</summary>
    /// <remarks>Code 2: it did not start; correct what the message names. Code 1: it failed while running; a restart reads again what was in flight.</remarks>
    [LoggerMessage(1209, LogLevel.Critical, "Ended with exit code {Code}: {Why}")]
    private static partial void LogEnded(ILogger logger, int code, string why);
}
