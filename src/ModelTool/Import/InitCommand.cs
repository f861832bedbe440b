using System.CommandLine;
using System.Globalization;
using StreamScorer.Shared.Bundle;

namespace ModelTool.Import;

/// <summary><c>modeltool init</c>.</summary>
internal static class InitCommand
{
    private static readonly Option<string> Shape = new("--shape") { Description = $"{EncoderShapes.Names}, or LAYERSxHIDDENxHEADSxINTERMEDIATE.", Required = true };
    private static readonly Option<int> Seed = new("--seed") { Description = "The same seed gives the same weights.", DefaultValueFactory = _ => 1 };
    private static readonly Option<string?> CheckpointFolder = new("--checkpoint") { Description = "Writes the weights as a checkpoint as well, to train from." };

    public static Command Create()
    {
        var options = new BundleOptions();
        var command = new Command("init", "Makes a model bundle with random weights: to measure speed at that size, or to train from scratch.")
        {
            Shape, Seed, CheckpointFolder,
        };
        options.AddTo(command);
        command.SetAction(parsed =>
        {
            var invocation = parsed.InvocationConfiguration;
            return ToolException.Guard(invocation.Error, () => invocation.Output.WriteLine(BundleOptions.Describe(Make(options, parsed))));
        });
        return command;
    }

    private static ModelBundle Make(BundleOptions options, ParseResult parsed)
    {
        var vocabulary = options.Vocabulary(parsed) ?? throw new ToolException("Give the WordPiece vocabulary with --vocab: its entries are the rows of the word embedding.");
        var tokenizer = CheckpointFiles.ReadTokenizer(options.TokenizerConfig(parsed));
        var config = EncoderShapes.Read(parsed.GetRequiredValue(Shape), CheckpointFiles.LoadTokenizer(vocabulary, tokenizer).VocabularySize);
        var heads = options.Heads(parsed, otherwise: null);
        var seed = parsed.GetValue(Seed);
        var weights = new RandomWeights(config, heads, seed);
        if (parsed.GetValue(CheckpointFolder) is { } folder)
        {
            OutputFolder.Write(folder, OutputFolder.CheckpointMark, aside => CheckpointWriter.Write(aside, config, heads, vocabulary, options.TokenizerConfig(parsed), weights.Tensors));
        }

        return new NewBundle
        {
            Name = options.Name(parsed),
            Version = options.Version(parsed),
            Config = config,
            Heads = heads,
            Layout = options.Layout(parsed),
            Read = weights.Read,
            Vocabulary = vocabulary,
            Tokenizer = tokenizer,
            MaxTokens = options.MaxTokens(parsed, config),
            Segments = options.Segments(parsed),
            Policy = options.Policy(parsed),
            Card = options.Card(parsed),
            Origin = string.Create(CultureInfo.InvariantCulture, $"Random weights, seed {seed}, that were never trained: its scores mean nothing."),
        }.Write(options.Out(parsed));
    }
}
