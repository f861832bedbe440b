using System.CommandLine;
using StreamScorer.Configure;
using StreamScorer.Operate;
using StreamScorer.Operate.Otlp;
using StreamScorer.Shared.Bundle;

namespace StreamScorer.Commands;

/// <summary><c>streamscorer check</c>: would <c>run</c> start? Reports all faults at once.</summary>
internal static class CheckCommand
{
    public static Command Create()
    {
        var offline = new Option<bool>("--offline") { Description = "Leave out the connection to Kafka" };
        var show = new Option<bool>("--show-config") { Description = "Print every option first: where it comes from, its name, its value; *** for a secret" };
        var command = new Command("check", "Check configuration, bundle, policy and connection; say all faults at once.") { Shell.Config, Shell.Set, Shell.Model, offline, show };
        command.SetAction((parsed, _) => Shell.RunAsync(_ => CheckAsync(() => Shell.Load(parsed), parsed.GetValue(offline), parsed.GetValue(show), Console.Out)));
        return command;
    }

    /// <summary>Checks one part after the other; a part that fails does not keep the next one from being checked.</summary>
    internal static async Task<int> CheckAsync(Func<LoadedSettings> load, bool offline, bool show, TextWriter output)
    {
        // Without a valid configuration the other parts are checked against the defaults, which would mislead.
        Settings? settings = null;
        var well = await ReportAsync(output, "configuration", () =>
        {
            var loaded = load();
            settings = loaded.Settings;
            foreach (var line in show ? loaded.Lines() : [])
            {
                output.WriteLine(line);
            }

            return Task.FromResult("valid");
        });
        if (settings is null)
        {
            return ExitCode.CannotStart;
        }

        well &= await ReportAsync(output, "bundle", () => Task.FromResult(Model(settings)));
        if (!offline)
        {
            well &= await ReportAsync(output, "kafka", () => KafkaAsync(settings));
        }

        well &= await ReportAsync(output, "endpoint", () => EndpointAsync(settings));
        well &= await ReportAsync(output, "telemetry", () => Task.FromResult(Telemetry(settings)));
        return well ? ExitCode.Ok : ExitCode.CannotStart;
    }

    private static string Model(Settings settings)
    {
        using var telemetry = new Operate.Telemetry(TimeProvider.System);
        using var engine = Engine.Open(settings, telemetry, new HealthState(settings.Operate, TimeProvider.System), TimeProvider.System);
        engine.Reserve();
        var identity = engine.Bundle.Identity;
        return $"{identity.Name} {identity.Version} (sha256 {identity.Sha256[..12]}…), policy {engine.Bundle.Policy.Version}, on {engine.Device}: {engine.DeviceReason}";
    }

    private static async Task<string> KafkaAsync(Settings settings)
        => await Preflight.CheckAsync(settings) is { Count: > 0 } faults
            ? throw new StartupException(string.Join('\n', faults))
            : $"{settings.Kafka.BootstrapServers} answers and has all four topics";

    /// <summary>A collector that is down keeps no worker from starting, so it is not asked.</summary>
    private static string Telemetry(Settings settings) => OtlpExport.Endpoint(settings.Otlp, Environment.GetEnvironmentVariable) is { } endpoint
        ? $"pushed to {endpoint} (not tried)"
        : "not pushed (Otlp:Endpoint)";

    /// <summary>Only by listening is it certain that the port is free.</summary>
    private static async Task<string> EndpointAsync(Settings settings)
    {
        using var telemetry = new Operate.Telemetry(TimeProvider.System);
        await using var endpoint = await OperateEndpoint.StartAsync(settings.Operate, telemetry, new HealthState(settings.Operate, TimeProvider.System));
        return endpoint is null ? "off (Operate:Enabled)" : $"{endpoint.Url} is free";
    }

    private static async Task<bool> ReportAsync(TextWriter output, string part, Func<Task<string>> check)
    {
        try
        {
            output.WriteLine($"ok    {part}: {await check()}");
            return true;
        }
        catch (Exception e) when (e is StartupException or BundleException)
        {
            foreach (var line in e.Message.Split('\n'))
            {
                output.WriteLine($"FAULT {part}: {line}");
            }

            return false;
        }
    }
}
