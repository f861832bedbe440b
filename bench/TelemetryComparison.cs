using System.CommandLine;
using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Exporter;
using StreamScorer.Configure;
using StreamScorer.Consume;
using StreamScorer.Operate;
using StreamScorer.Operate.Otlp;
using StreamScorer.Publish;
using StreamScorer.Settle;

namespace Bench;

/// <summary>
/// What metrics over OTLP and traces cost: posts per second from topic to acknowledged outcome on a real Kafka, with a scorer that costs nothing, so that
/// whatever is added shows. The collector is in the same process, reads what comes and drops it. Within a round the modes alternate.
/// </summary>
internal static class TelemetryComparison
{
    private const string Nothing = "nothing";

    public static Command Create()
    {
        var servers = new Option<string>("--bootstrap-servers") { Description = "A real Kafka", Required = true };
        var posts = new Option<int>("--posts") { Description = "Posts a run", DefaultValueFactory = _ => 60_000 };
        var rounds = new Option<int>("--rounds") { Description = "Rounds of each mode", DefaultValueFactory = _ => 5 };
        var command = new Command("telemetry", "What OTLP and traces cost, on a real Kafka.") { servers, posts, rounds };
        command.SetAction((parsed, _) => RunAsync(parsed.GetRequiredValue(servers), parsed.GetValue(posts), parsed.GetValue(rounds)));
        return command;
    }

    private static async Task<int> RunAsync(string servers, int count, int rounds)
    {
        await using var collector = await CollectorAsync();
        var url = collector.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        var otlp = new OtlpOptions { Endpoint = url, Protocol = OtlpExportProtocol.HttpProtobuf, MetricsInterval = TimeSpan.FromSeconds(1) };
        (string Name, OtlpOptions Otlp)[] modes =
        [
            (Nothing, new OtlpOptions { Endpoint = "" }), ("metrics each second", otlp with { Traces = false }), ("and traces, no record sampled", otlp),
            ("and 1 % of the records", otlp with { SampleRatio = 0.01 }), ("and every record", otlp with { SampleRatio = 1 }),
        ];
        var name = $"telemetry-{DateTime.UtcNow:HHmmss}";
        var settings = new Settings
        {
            Kafka = new KafkaOptions { BootstrapServers = servers },
            Consume = new ConsumeOptions { Topic = name },
            Publish = new PublishOptions { ScoredTopic = $"{name}.scored", FlaggedTopic = $"{name}.flagged", DeadLetterTopic = $"{name}.dead-letter" },
            Operate = new OperateOptions { Enabled = false },
        };
        await DeliveryComparison.FillAsync(settings, count);
        await DeliveryComparison.RunOnceAsync(settings, Delivery.AtLeastOnce, count, model: false); // warms up
        var rates = modes.ToDictionary(mode => mode.Name, _ => new List<double>());
        for (var round = 1; round <= rounds; round++)
        {
            foreach (var mode in round % 2 == 0 ? modes : modes.Reverse())
            {
                rates[mode.Name].Add(await DeliveryComparison.RunOnceAsync(settings with { Otlp = mode.Otlp }, Delivery.AtLeastOnce, count, model: false));
                Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"round {round}: {mode.Name} {rates[mode.Name][^1]:F0} posts/s"));
            }
        }

        Console.WriteLine($"{Environment.ProcessorCount} cores, {Samples.Processor}, a scorer that costs nothing, at least once; {rounds} interleaved rounds of {count} posts");
        Console.WriteLine();
        Console.WriteLine("| sent over OTLP | posts/s, median [min, max] | against nothing, median [min, max] of the rounds |");
        Console.WriteLine("|---|---|---|");
        foreach (var mode in modes)
        {
            Rates.Row(mode.Name, rates[mode.Name], rates[Nothing], "F3");
        }

        return 0;
    }

    private static async Task<WebApplication> CollectorAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var collector = builder.Build();
        collector.Run(context => context.Request.Body.CopyToAsync(Stream.Null));
        await collector.StartAsync();
        return collector;
    }
}
