using System.CommandLine;
using ModelTool.Evaluate;
using ModelTool.Import;
using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Infer;

namespace ModelTool.Quantize;

/// <summary><c>modeltool quantize</c>.</summary>
internal static class QuantizeCommand
{
    private static readonly Argument<string> Source = new("CHECKPOINT")
    {
        Description = "As for 'import': folder with config.json, vocab.txt and model.safetensors, or the safetensors file in it.",
    };

    private static readonly Option<string?> Data = new("--data")
    {
        Description = "Labelled CSV, as for 'evaluate': measures int8 against fp32 on it, and writes nothing when a head loses more than --budget.",
    };

    private static readonly Option<double> Budget = new("--budget") { Description = "Points of macro-F1 that a head may lose.", DefaultValueFactory = _ => 0.3 };
    private static readonly Option<string[]> Without = CommonOptions.List("--without", "Sources to leave out of the measurement, separated by commas.");

    public static Command Create()
    {
        var options = new BundleOptions();
        var command = new Command(
            "quantize",
            "Makes an int8 bundle for the CPU from a BERT checkpoint: weights with a scale a column, activations with a scale a token, so that scores do not depend on the batch.")
        {
            Source, Data, Budget, Without, CommonOptions.Text, CommonOptions.Pair, CommonOptions.Columns, CommonOptions.Where, CommonOptions.Threads,
        };
        options.AddTo(command);
        command.SetAction(parsed =>
        {
            var invocation = parsed.InvocationConfiguration;
            return ToolException.Guard(invocation.Error, () =>
            {
                var (bundle, losses) = Quantize(parsed, options);
                foreach (var loss in losses)
                {
                    invocation.Output.WriteLine(loss);
                }

                invocation.Output.WriteLine(BundleOptions.Describe(bundle) + (parsed.GetValue(Data) is null ? "; quality not measured (--data)" : ""));
            });
        });
        return command;
    }

    private static (ModelBundle Bundle, IReadOnlyList<HeadLoss> Losses) Quantize(ParseResult parsed, BundleOptions options)
    {
        var budget = parsed.GetValue(Budget);
        if (!(budget >= 0))
        {
            throw new ToolException($"--budget must be 0 or more points, and is {budget}.");
        }

        using var checkpoint = Checkpoint.Open(parsed.GetRequiredValue(Source));
        var bundle = options.NewBundle(parsed, checkpoint) with { Precision = GraphPrecision.Int8 };
        IReadOnlyList<HeadLoss> losses = [];
        var written = bundle.Write(options.Out(parsed), folder =>
        {
            if (parsed.GetValue(Data) is { } data)
            {
                losses = Measure(parsed, bundle, folder, data);
                QualityGate.Check(losses, budget);
            }
        });
        return (written, losses);
    }

    private static List<HeadLoss> Measure(ParseResult parsed, NewBundle bundle, string int8, string data)
    {
        var fp32 = int8 + ".fp32";
        try
        {
            (bundle with { Precision = GraphPrecision.Fp32 }).Write(fp32);
            return QualityGate.Measure(
                fp32,
                int8,
                data,
                CommonOptions.ReadColumns(parsed),
                parsed.GetRequiredValue(Without),
                new InferOptions { Device = DeviceChoice.Cpu, Threads = Math.Max(0, parsed.GetValue(CommonOptions.Threads)) });
        }
        finally
        {
            if (Directory.Exists(fp32))
            {
                Directory.Delete(fp32, recursive: true);
            }
        }
    }
}
