using System.CommandLine;
using Microsoft.Extensions.Logging;
using Spectre.Console;
using StreamScorer.Demo;
using StreamScorer.Operate;
using StreamScorer.Settle;

namespace StreamScorer.Commands;

/// <summary><c>streamscorer demo</c>: the worker as it is, between topics of an embedded broker that sample posts are replayed into.</summary>
internal static class DemoCommand
{
    private const int Partitions = 6;

    private static readonly Option<bool> Mask = new("--mask") { Description = "Hide the words of the flagged posts that are shown (many are hateful)" };

    public static Command Create()
    {
        var command = new Command("demo", "See it work: sample posts flow through an embedded Kafka broker, live in the terminal and in a browser.") { ReplayFlags.Posts, ReplayFlags.Rate, ReplayFlags.Burst, ReplayFlags.Seed, Mask, Shell.Config, Shell.Set, Shell.Model };
        command.SetAction((parsed, _) => Shell.RunAsync(stop => DemoAsync(parsed, stop)));
        return command;
    }

    private static async Task<int> DemoAsync(ParseResult parsed, CancellationToken stop)
    {
        using var broker = new EmbeddedBroker();

        // Port 0: a demo must not fail because another one, or a worker, already has the port. The screen shows which it got.
        // Fetch wait: the embedded broker, unlike a real one, does not answer a waiting fetch when a record comes.
        // Delivery: it answers every call of a transaction with success, and forgets the offsets that were in it.
        var loaded = Shell.Load(
            parsed, $"Kafka:BootstrapServers={broker.BootstrapServers}", "Kafka:GroupId=demo", "Kafka:Properties:fetch.wait.max.ms=10", "Settle:Delivery=AtLeastOnce", "Operate:Url=http://127.0.0.1:0", "Recover:Restarts=0",
            $"Operate:Texts={(parsed.GetValue(Mask) ? TextDisplay.Masked : TextDisplay.Shown)}");
        var settings = loaded.Settings;
        var topics = new DemoTopics(settings.Consume.Topic, settings.Publish.ScoredTopic, settings.Publish.FlaggedTopic, settings.Publish.DeadLetterTopic);
        var replay = ReplayFlags.Read(parsed, settings.Decode.MaxTextBytes);
        foreach (var topic in new[] { topics.Posts, topics.Scored, topics.Flagged, topics.DeadLetter })
        {
            broker.CreateTopic(topic, Partitions);
        }

        // A line of log on the same terminal would break the live display.
        using var loggers = Events.Open(loaded, LogLevel.Error);
        await using var worker = await Worker.OpenAsync(settings, loggers, TimeProvider.System);
        var identity = worker.Engine.Bundle.Identity;
        var samples = SamplePosts.Load();
        var title = new DemoTitle($"{identity.Name} {identity.Version}", worker.Engine.Device, worker.Engine.Bundle.Policy.Version, Words(settings.Settle.Delivery), broker.BootstrapServers, topics.Flagged, worker.Page is null ? null : worker.Url);
        var screen = new Screen(AnsiConsole.Console, samples, TimeProvider.System) { Mask = parsed.GetValue(Mask) };
        var run = new DemoRun(replay, samples, topics, title, screen, worker.RunAsync, () => Counts(worker), TimeProvider.System);
        return await run.RunAsync(stop);
    }

    private static string Words(Delivery delivery) => delivery == Delivery.ExactlyOnce ? "exactly once" : "at least once";

    private static WorkerCounts Counts(Worker worker)
    {
        var now = worker.Telemetry.Read();
        return new WorkerCounts(now.Consumed - now.Voided, now.Filtered);
    }
}
