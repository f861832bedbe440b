using System.CommandLine;
using System.Runtime.InteropServices;

namespace ModelTool.Train;

/// <summary><c>modeltool train</c>.</summary>
internal static class TrainCommand
{
    private static readonly Argument<string> Config = new("CONFIG") { Description = "YAML file: checkpoint, output, data, heads, and how to train." };
    private static readonly Option<string[]> Set = new("--set")
    {
        Description = "Put a value in the place of the file's, as name=value; nested names with dots, values in YAML: --set epochs=3 --set freeze.layers=2. Relative paths start at the current folder, those in the file at the file's.",
        DefaultValueFactory = _ => [],
    };

    private static readonly Option<bool> Resume = new("--resume") { Description = "Go on from the newest checkpoint in the output folder." };

    public static Command Create()
    {
        var command = new Command(
            "train",
            "Fine-tunes a BERT checkpoint on labelled rows: CSV, CoNLL (.conll) and SQuAD (.json) files. The output folder gets the best weights in 'model', for 'import'; the newest checkpoint in 'last'; and metrics.csv.")
        {
            Config, Set, Resume,
        };
        command.SetAction(parsed =>
        {
            var error = parsed.InvocationConfiguration.Error;
            return ToolException.Guard(error, () =>
            {
                var config = TrainConfigFile.Read(parsed.GetRequiredValue(Config), parsed.GetRequiredValue(Set));
                Run(config, parsed.GetValue(Resume), error);
            });
        });
        return command;
    }

    private static void Run(TrainConfig config, bool resume, TextWriter error)
    {
        var stopping = false;
        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            Volatile.Write(ref stopping, true);
        }

        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var trainer = new Trainer(config, new ProgressLine(error, terminal: !Console.IsErrorRedirected, TimeProvider.System));
        if (!trainer.Run(resume, () => Volatile.Read(ref stopping)))
        {
            throw new ToolException($"Stopped; {Path.Combine(config.Output, "last")} holds the checkpoint: go on with --resume.");
        }
    }
}
