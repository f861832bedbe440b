using System.CommandLine;

namespace ModelTool.Import;

/// <summary><c>modeltool import</c>.</summary>
internal static class ImportCommand
{
    private static readonly Argument<string> Source = new("CHECKPOINT")
    {
        Description = "Folder with config.json, vocab.txt and model.safetensors, as Hugging Face has them; or the safetensors file in such a folder.",
    };

    public static Command Create()
    {
        var options = new BundleOptions();
        var command = new Command("import", "Makes a model bundle from a BERT checkpoint, and opens it as the worker does.") { Source };
        options.AddTo(command);
        command.SetAction(parsed =>
        {
            var invocation = parsed.InvocationConfiguration;
            return ToolException.Guard(invocation.Error, () =>
            {
                using var checkpoint = Checkpoint.Open(parsed.GetRequiredValue(Source));
                invocation.Output.WriteLine(BundleOptions.Describe(options.NewBundle(parsed, checkpoint).Write(options.Out(parsed))));
            });
        });
        return command;
    }
}
