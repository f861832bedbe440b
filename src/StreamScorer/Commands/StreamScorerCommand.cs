using System.CommandLine;

namespace StreamScorer.Commands;

/// <summary>The program's command line, with all its verbs.</summary>
internal static class StreamScorerCommand
{
    public static RootCommand Create()
    {
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
        return root;
    }
}
