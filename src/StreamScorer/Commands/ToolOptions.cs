using System.CommandLine;
using Confluent.Kafka;
using StreamScorer.Operate;
using StreamScorer.Topics;

namespace StreamScorer.Commands;

/// <summary>What the commands that read ranges of topics share: the range, short names of topics, and how their errors reach a person.</summary>
internal static class ToolOptions
{
    public static readonly Option<string?> From = new("--from") { Description = "First record: an offset (1000) of every partition, offsets of some (0:1000,3:500), or a time (2026-11-21T10:00:00Z)", HelpName = "BOUND" };

    public static readonly Option<string?> To = new("--to") { Description = "End, itself not part of the range, written as --from (default: the end as it is when the command starts)", HelpName = "BOUND" };

    public static readonly Option<string?> Topic = new("--topic") { Description = "Input topic, short for --set Consume:Topic=…", HelpName = "TOPIC" };

    public static readonly Option<string?> ScoredTopic = new("--scored-topic") { Description = "Short for --set Publish:ScoredTopic=…", HelpName = "TOPIC" };

    public static readonly Option<string?> FlaggedTopic = new("--flagged-topic") { Description = "Short for --set Publish:FlaggedTopic=…", HelpName = "TOPIC" };

    public static readonly Option<string?> DeadLetterTopic = new("--dead-letter-topic") { Description = "Short for --set Publish:DeadLetterTopic=…", HelpName = "TOPIC" };

    /// <summary>The settings that the short names of topics stand for.</summary>
    public static string[] Sets(ParseResult parsed) =>
    [
        .. Set(parsed, Topic, "Consume:Topic"),
        .. Set(parsed, ScoredTopic, "Publish:ScoredTopic"),
        .. Set(parsed, FlaggedTopic, "Publish:FlaggedTopic"),
        .. Set(parsed, DeadLetterTopic, "Publish:DeadLetterTopic"),
    ];

    public static (RangeBound? From, RangeBound? To) Range(ParseResult parsed)
        => (RangeBound.Parse("--from", parsed.GetValue(From)), RangeBound.Parse("--to", parsed.GetValue(To)));

    /// <summary>Runs a tool: exit code 2 whenever it could not do its work, so that 1 is left for what it found.</summary>
    public static Task<int> RunAsync(string name, Func<CancellationToken, Task<int>> tool) => Shell.RunAsync(async stop =>
    {
        try
        {
            return await tool(stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            throw new StartupException($"{name} was stopped by a signal before its end; there is no result.");
        }
        catch (KafkaException e)
        {
            throw Cluster.Fault(name, e.Error, "Grant this user what the line above names.");
        }
    });

    private static IEnumerable<string> Set(ParseResult parsed, Option<string?> option, string key)
        => parsed.GetResult(option) is { } result && parsed.GetValue(option) is { } topic && result.Tokens.Count > 0 ? [$"{key}={topic}"] : [];
}
