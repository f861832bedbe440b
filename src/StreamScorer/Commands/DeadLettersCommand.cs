using System.CommandLine;
using System.Globalization;
using Microsoft.Win32.SafeHandles;
using StreamScorer.Configure;
using StreamScorer.DeadLetters;
using StreamScorer.Operate;
using StreamScorer.Score;
using StreamScorer.Topics;

namespace StreamScorer.Commands;

/// <summary><c>streamscorer dead-letters list|show|replay</c>: what could not be scored, and back with it once the cause is cured.</summary>
internal static class DeadLettersCommand
{
    private const string Examples = """
        Examples:
          streamscorer dead-letters list --reason not_json --since 2026-11-21T10:00Z
          streamscorer dead-letters show 3:1842                   the record at offset 1842 of partition 3 of the dead-letter topic
          streamscorer dead-letters show 3:1842 --raw > post.json
          streamscorer dead-letters replay --reason text_too_long --dry-run
          streamscorer dead-letters replay --source 3:1000-2000 --to posts.retry
        """;

    private static readonly Option<string[]> Reason = new("--reason") { Description = "Only this reason; may be repeated", HelpName = "REASON" };

    private static readonly Option<string?> Since = new("--since") { Description = "Only from this time on, ISO 8601", HelpName = "TIME" };

    private static readonly Option<string?> Until = new("--until") { Description = "Only before this time", HelpName = "TIME" };

    private static readonly Option<LetterTime> Time = new("--time") { Description = "Which time that is: Dead, when it became a dead letter, or Original, the record's own" };

    private static readonly Option<string?> SourceTopic = new("--source-topic") { Description = "Only records of this topic", HelpName = "TOPIC" };

    private static readonly Option<string[]> Source = new("--source") { Description = "Only records of this partition (3), offset (3:1842) or offsets (3:1000-2000) of the source topic; may be repeated", HelpName = "P:OFFSETS" };

    private static readonly Option<int> Limit = new("--limit") { Description = "At most so many, the newest; the counts are of all", DefaultValueFactory = _ => 50, HelpName = "N" };

    private static readonly Option<bool> Json = new("--json") { Description = "One JSON object a line, all of them" };

    private static readonly Option<bool> Raw = new("--raw") { Description = "Only the value, byte for byte" };

    private static readonly Argument<string> At = new("at") { Description = "PARTITION:OFFSET in the dead-letter topic, as 'list' shows it" };

    private static readonly Option<string?> To = new("--to") { Description = "Into this topic (default: each into the one it came from)", HelpName = "TOPIC" };

    private static readonly Option<bool> DryRun = new("--dry-run") { Description = "Only count what would be replayed" };

    private static readonly Option<bool> Again = new("--again") { Description = "Also what an earlier run has replayed" };

    private static readonly Option<int> MaxReplays = new("--max-replays") { Description = "Leave out what has been replayed so often before and came back", DefaultValueFactory = _ => 3, HelpName = "N" };

    public static Command Create()
    {
        var list = Filtered(new Command("list", "List them: place, reason, source, time, key, size; never the text.") { Limit, Json });
        list.SetAction((parsed, _) => ToolOptions.RunAsync("dead-letters list", stop => ListAsync(parsed, stop)));

        var show = Connected(new Command("show", "Show one whole: headers and value.") { At, Raw });
        show.SetAction((parsed, _) => ToolOptions.RunAsync("dead-letters show", stop => Task.FromResult(Show(parsed, stop))));

        var replay = Filtered(new Command("replay", "Copy the originals back to the topic they came from, each once.") { To, DryRun, Again, MaxReplays });
        replay.SetAction((parsed, _) => ToolOptions.RunAsync("dead-letters replay", stop => ReplayAsync(parsed, stop)));

        var command = new Command("dead-letters", "List, show or replay what could not be scored.") { list, show, replay };
        foreach (var any in new[] { command, list, show, replay })
        {
            HelpWithExamples.Add(any, Examples);
        }

        return command;
    }

    private static async Task<int> ListAsync(ParseResult parsed, CancellationToken stop)
    {
        var (settings, filter) = Load(parsed);
        using var cluster = Cluster.Connect(settings.Kafka);
        var topic = await OpenAsync(settings, cluster, filter, stop);
        var (json, limit) = (parsed.GetValue(Json), parsed.GetValue(Limit));
        var newest = new PriorityQueue<(DeadLetter Letter, bool Replayed), (long, int, long)>();
        var reasons = new SortedDictionary<string, long>(StringComparer.Ordinal);
        var replayedBefore = 0L;
        await Task.Run(() => topic.Read(filter, Take, stop), stop);
        if (!json)
        {
            LetterText.Table([.. Drain(newest)], Console.Out);
            var sum = reasons.Values.Sum();
            Console.Out.WriteLine(FormattableString.Invariant($"{sum} dead letters{(sum == 0 ? "" : ": ")}{string.Join(", ", reasons.Select(r => FormattableString.Invariant($"{r.Value} {r.Key}")))}; {replayedBefore} of them replayed.{(sum > limit ? FormattableString.Invariant($" The newest {limit} are shown (--limit).") : "")}"));
        }

        return ExitCode.Ok;

        void Take(DeadLetter letter, bool replayed)
        {
            if (json)
            {
                Console.Out.WriteLine(LetterText.Json(letter, replayed));
                return;
            }

            reasons[letter.Reason] = reasons.GetValueOrDefault(letter.Reason) + 1;
            replayedBefore += replayed ? 1 : 0;
            newest.Enqueue((letter with { Value = new byte[letter.Value?.Length ?? 0] }, replayed), (letter.DeadAt, letter.Partition, letter.Offset));
            if (newest.Count > limit)
            {
                newest.Dequeue();
            }
        }
    }

    private static int Show(ParseResult parsed, CancellationToken stop)
    {
        var settings = Shell.Load(parsed, ToolOptions.Sets(parsed)).Settings;
        var at = parsed.GetValue(At)!;
        if (at.Split(':') is not [var p, var o] || !int.TryParse(p, NumberStyles.None, CultureInfo.InvariantCulture, out var partition) || !long.TryParse(o, NumberStyles.None, CultureInfo.InvariantCulture, out var offset))
        {
            throw new StartupException($"'{at}' is no place in the dead-letter topic: write PARTITION:OFFSET, as 'dead-letters list' shows it.");
        }

        using var cluster = Cluster.Connect(settings.Kafka);
        var letter = DeadLetterTopic.Find(settings, cluster, partition, offset, stop);
        if (parsed.GetValue(Raw))
        {
            using var output = new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
            output.Write(letter.Value ?? []);
        }
        else
        {
            LetterText.Whole(letter, Console.Out);
        }

        return ExitCode.Ok;
    }

    private static async Task<int> ReplayAsync(ParseResult parsed, CancellationToken stop)
    {
        var (settings, filter) = Load(parsed);
        using var cluster = Cluster.Connect(settings.Kafka);
        var topic = await OpenAsync(settings, cluster, filter, stop);
        var request = new ReplayRequest(parsed.GetValue(To), parsed.GetValue(MaxReplays), parsed.GetValue(Again), parsed.GetValue(DryRun));
        var replay = new DeadLetterReplay(settings, cluster, topic, request);
        await Task.Run(() => replay.Run(filter, stop), stop);
        var c = replay.Counts;
        Console.Out.WriteLine(FormattableString.Invariant($"{c.Matched} dead letters match. {(request.DryRun ? "Would be replayed" : "Replayed")}: {c.Replayed}. Left out: {c.Before} replayed before (--again), {c.Looping} that came back {request.MaxReplays} times or more (--max-replays), {c.WithoutValue} whose text is not kept."));
        return ExitCode.Ok;
    }

    private static async Task<DeadLetterTopic> OpenAsync(Settings settings, Cluster cluster, DeadLetterFilter filter, CancellationToken stop)
    {
        using var progress = new Progress(Console.Error, TimeProvider.System, enabled: true, "records");
        return await DeadLetterTopic.OpenAsync(settings, cluster, filter, progress, stop);
    }

    private static (Settings Settings, DeadLetterFilter Filter) Load(ParseResult parsed) => (Shell.Load(parsed, ToolOptions.Sets(parsed)).Settings, new DeadLetterFilter
    {
        Reasons = [.. (parsed.GetValue(Reason) ?? []).SelectMany(r => r.Split(','))],
        Since = parsed.GetValue(Since) is { } since ? RangeBound.ParseTime("--since", since) : null,
        Until = parsed.GetValue(Until) is { } until ? RangeBound.ParseTime("--until", until) : null,
        Time = parsed.GetValue(Time),
        SourceTopic = parsed.GetValue(SourceTopic),
        Sources = [.. (parsed.GetValue(Source) ?? []).Select(SourceOffsets.Parse)],
    });

    private static IEnumerable<(DeadLetter, bool)> Drain(PriorityQueue<(DeadLetter, bool), (long, int, long)> queue)
    {
        while (queue.TryDequeue(out var letter, out _))
        {
            yield return letter;
        }
    }

    private static Command Filtered(Command command)
    {
        foreach (var option in new Option[] { Reason, Since, Until, Time, SourceTopic, Source })
        {
            command.Add(option);
        }

        return Connected(command);
    }

    private static Command Connected(Command command)
    {
        foreach (var option in new Option[] { ToolOptions.DeadLetterTopic, Shell.Config, Shell.Set })
        {
            command.Add(option);
        }

        return command;
    }
}
