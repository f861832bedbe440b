using System.CommandLine;
using StreamScorer.Demo;
using StreamScorer.Score;
using StreamScorer.Topics;

namespace StreamScorer.Commands;

/// <summary><c>streamscorer replay</c>: the demo's posts, sent to the input topic of real brokers, for trying and for load.</summary>
internal static class ReplayCommand
{
    private const string Examples = """
        One record in 200 is malformed, each kind in its turn, as in the demo; many of the posts are hateful. It sends by the clock and does not wait for
        outcomes, so a rate above what the workers do makes lag. Exit code 0: Kafka has acknowledged all of them. 1: some not. 2: it could not start.

        Examples:
          streamscorer replay --rate 50 --set Kafka:BootstrapServers=HOST:9092     until Ctrl-C
          streamscorer replay --posts 2000 --rate 2000 --burst 1 --topic posts.test
        """;

    public static Command Create()
    {
        var command = new Command("replay", "Send the sample posts to the input topic of a Kafka of yours.")
        {
            ReplayFlags.Posts, ReplayFlags.Rate, ReplayFlags.Burst, ReplayFlags.Seed, ToolOptions.Topic, Shell.Config, Shell.Set,
        };
        HelpWithExamples.Add(command, Examples);
        command.SetAction((parsed, _) => ToolOptions.RunAsync("The replay", stop => ReplayAsync(parsed, stop)));
        return command;
    }

    private static async Task<int> ReplayAsync(ParseResult parsed, CancellationToken stop)
    {
        var (settings, _) = Shell.Load(parsed, ToolOptions.Sets(parsed));

        // How many records wait for their outcome is not known here, so nothing holds the replay back.
        var options = ReplayFlags.Read(parsed, settings.Decode.MaxTextBytes) with { MaxWaiting = int.MaxValue };
        using (var cluster = Cluster.Connect(settings.Kafka))
        {
            cluster.Partitions(settings.Consume.Topic); // told before the broker might make the topic
        }

        var book = new OutcomeBook(TimeProvider.System);
        await new Replay(Counted(new DemoRecords(SamplePosts.Load(), options)), options, book, TimeProvider.System).RunAsync(settings.Kafka, settings.Consume.Topic, stop);
        var counts = book.Counts;
        Console.Out.WriteLine(FormattableString.Invariant($"{counts.Sent} sent to '{settings.Consume.Topic}', {counts.SendFailures} of them not acknowledged."));
        return counts.SendFailures == 0 ? ExitCode.Ok : ExitCode.Failed;
    }

    private static IEnumerable<DemoRecord> Counted(IEnumerable<DemoRecord> records)
    {
        using var progress = new Progress(Console.Error, TimeProvider.System, enabled: true);
        foreach (var record in records)
        {
            progress.Add(1);
            yield return record;
        }
    }
}
