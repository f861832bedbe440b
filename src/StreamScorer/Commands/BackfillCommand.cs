using System.CommandLine;
using Microsoft.Extensions.Logging;
using StreamScorer.Operate;
using StreamScorer.Score;

namespace StreamScorer.Commands;

/// <summary><c>streamscorer backfill</c>: scores a range of the input topic beside the live workers.</summary>
internal static class BackfillCommand
{
    private const string Examples = """
        Joins no group and commits nothing, so the live workers go on as they are. At least once: after a failure run it again; result
        ids are the same for the same record and model. Outcomes go to the configured topics, where consumers drop repetitions by result
        id, or to others. Exit code 0: the whole range has its outcomes. 1: it failed or was stopped on the way. 2: it could not start.

        Examples:
          streamscorer backfill --from 2026-11-20 --to 2026-11-21 --model models/new --scored-topic posts.rescored --flagged-topic … --dead-letter-topic …
          streamscorer backfill --from 3:1000 --to 3:2000         one partition
          streamscorer backfill --from 0                          everything that is there now
        """;

    public static Command Create()
    {
        var command = new Command("backfill", "Score a range of offsets or time, without touching the live group.")
        {
            ToolOptions.From, ToolOptions.To, ToolOptions.Topic, ToolOptions.ScoredTopic, ToolOptions.FlaggedTopic, ToolOptions.DeadLetterTopic, Shell.Config, Shell.Set, Shell.Model,
        };
        HelpWithExamples.Add(command, Examples);
        command.SetAction((parsed, _) => Shell.RunAsync(stop => BackfillAsync(parsed, stop)));
        return command;
    }

    private static async Task<int> BackfillAsync(ParseResult parsed, CancellationToken stop)
    {
        var loaded = Shell.Load(parsed, ToolOptions.Sets(parsed));
        var (from, to) = ToolOptions.Range(parsed);
        if (from is null)
        {
            throw new StartupException("Say where to begin: --from OFFSET or TIME (--from 0 for everything that is there).");
        }

        using var loggers = Events.Open(loaded, LogLevel.Warning);
        BackfillCounts counts;
        using (var progress = new Progress(Console.Error, TimeProvider.System, enabled: true))
        {
            counts = await Backfill.RunAsync(loaded.Settings, from, to, progress, loggers, TimeProvider.System, stop);
        }

        Console.Out.WriteLine(FormattableString.Invariant($"{counts.Read} consumed {(counts.AddsUp ? "=" : "IS NOT")} {counts.Scored} scored + {counts.DeadLettered} dead-lettered + {counts.Filtered} filtered{(counts.IsWhole ? "" : "; stopped by a signal, the rest of the range was left")}"));
        return counts is { AddsUp: true, IsWhole: true } ? ExitCode.Ok : ExitCode.Failed;
    }
}
