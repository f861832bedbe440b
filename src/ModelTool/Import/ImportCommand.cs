using System.CommandLine;
using StreamScorer.Shared.Bundle;

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
                invocation.Output.WriteLine(BundleOptions.Describe(Import(parsed.GetRequiredValue(Source), options, parsed))));
        });
        return command;
    }

    private static ModelBundle Import(string source, BundleOptions options, ParseResult parsed)
    {
        using var checkpoint = Checkpoint.Open(source);
        var heads = options.Heads(parsed, checkpoint.HeadsFile);
        checkpoint.Require(heads);
        return new NewBundle
        {
            Name = options.Name(parsed),
            Version = options.Version(parsed),
            Config = checkpoint.Config,
            Heads = heads,
            Layout = options.Layout(parsed),
            Read = checkpoint.Read,
            Vocabulary = options.Vocabulary(parsed) ?? checkpoint.Vocabulary,
            Tokenizer = CheckpointFiles.ReadTokenizer(options.TokenizerConfig(parsed) ?? checkpoint.TokenizerConfig),
            MaxTokens = options.MaxTokens(parsed, checkpoint.Config),
            Policy = options.Policy(parsed),
            Card = options.Card(parsed),
            Origin = $"Imported from the checkpoint {Path.GetFileName(checkpoint.Folder)}, {FileManifest.Describe(checkpoint.Folder, Path.GetFileName(checkpoint.WeightsFile)).Sha256} (SHA-256 of its weights).",
        }.Write(options.Out(parsed));
    }
}
