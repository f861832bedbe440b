using System.CommandLine;
using StreamScorer.Commands;

var root = new RootCommand("Reads posts from a Kafka topic, scores them with one multi-task BERT, and publishes probabilities, flags and decisions.")
{
    RunCommand.Create(),
    ScoreCommand.Create(),
    CheckCommand.Create(),
};

return await root.Parse(args).InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
