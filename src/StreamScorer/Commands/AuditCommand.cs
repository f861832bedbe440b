using System.CommandLine;
using System.Text.Json;
using Confluent.Kafka;
using StreamScorer.Audit;
using StreamScorer.Operate;
using StreamScorer.Score;

namespace StreamScorer.Commands;

/// <summary><c>streamscorer audit</c>: is there exactly one outcome for every record? Reads topics, changes nothing.</summary>
internal static class AuditCommand
{
    private const string Examples = """
        Exit code 0: exactly one outcome each, in order. 1: a difference. 2: the audit could not be made.

        Examples:
          streamscorer audit --group                              what the workers have committed, while they run
          streamscorer audit --from 2026-11-21T10:00Z --to 2026-11-21T11:00Z
          streamscorer audit --from 0:1000,3:500 --json           two partitions, for a machine
          streamscorer audit --isolation read_uncommitted         what aborted transactions left, too
        """;

    private static readonly Option<string?> Group = new("--group") { Description = "End at what this group has committed (default group: Kafka:GroupId)", HelpName = "GROUP", Arity = ArgumentArity.ZeroOrOne };

    private static readonly Option<string> Isolation = new("--isolation") { Description = "How outputs are read", DefaultValueFactory = _ => "read_committed" };

    private static readonly Option<bool> Compacted = new("--compacted") { Description = "The input topic is compacted: outcomes of records that are gone are no fault" };

    private static readonly Option<bool> Json = new("--json") { Description = "One JSON object on standard output" };

    public static Command Create()
    {
        Isolation.AcceptOnlyFromAmong("read_committed", "read_uncommitted");
        var command = new Command("audit", "Prove that every record of a range has exactly one outcome, in order. Reads topics only.")
        {
            ToolOptions.From, ToolOptions.To, Group, Isolation, Compacted, Json,
            ToolOptions.Topic, ToolOptions.ScoredTopic, ToolOptions.FlaggedTopic, ToolOptions.DeadLetterTopic, Shell.Config, Shell.Set,
        };
        HelpWithExamples.Add(command, Examples);
        command.SetAction((parsed, _) => ToolOptions.RunAsync("audit", stop => AuditAsync(parsed, stop)));
        return command;
    }

    private static async Task<int> AuditAsync(ParseResult parsed, CancellationToken stop)
    {
        var (settings, _) = Shell.Load(parsed, ToolOptions.Sets(parsed));
        var (from, to) = ToolOptions.Range(parsed);
        var group = parsed.GetResult(Group) is { Implicit: false } ? parsed.GetValue(Group) ?? settings.Kafka.GroupId : null;
        if (group is not null && to is not null)
        {
            throw new StartupException("--to and --group both say where the range ends; leave one out.");
        }

        var isolation = parsed.GetValue(Isolation) == "read_uncommitted" ? IsolationLevel.ReadUncommitted : IsolationLevel.ReadCommitted;
        AuditReport report;
        using (var progress = new Progress(Console.Error, TimeProvider.System, enabled: true, "records"))
        {
            report = await new AuditRun(settings, new AuditRequest(from, to, group, isolation, parsed.GetValue(Compacted)), progress).RunAsync(stop);
        }

        if (parsed.GetValue(Json))
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(report, AuditJson.Default.AuditReport));
        }
        else
        {
            AuditTable.Write(report, Console.Out);
        }

        return report.IsFine ? ExitCode.Ok : ExitCode.Failed;
    }
}
