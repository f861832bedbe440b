using System.CommandLine;
using StreamScorer.Commands;

var root = new RootCommand("Reads posts from a Kafka topic, scores them with one multi-task BERT, and publishes probabilities, flags and decisions.")
{
    RunCommand.Create(),
    DemoCommand.Create(),
    ScoreCommand.Create(),
    CheckCommand.Create(),
    AuditCommand.Create(),
    DeadLettersCommand.Create(),
    BackfillCommand.Create(),
    ReplayCommand.Create(),
};

HelpWithExamples.Install(root);
var parsed = root.Parse(args);
var code = await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
return parsed.Errors.Count > 0 ? ExitCode.CannotStart : code;
