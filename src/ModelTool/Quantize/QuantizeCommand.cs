using System.CommandLine;
using ModelTool.Evaluate;
using ModelTool.Graph;
using ModelTool.Import;
using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Infer;

namespace ModelTool.Quantize;

/// <summary>What a bundle has for CUDA besides the graph for the CPU.</summary>
internal enum GpuPrecision
{
    None,
    Fp16,
}

/// <summary><c>modeltool quantize</c>.</summary>
internal static class QuantizeCommand
{
    private static readonly Argument<string> Source = new("SOURCE")
    {
        Description = "As for 'import': folder with config.json, vocab.txt and model.safetensors, or the safetensors file in it. Or the fp32 bundle that 'import' made.",
    };

    private static readonly Option<string?> Data = new("--data")
    {
        Description = "Labelled CSV, as for 'evaluate': measures int8 (and fp16) against fp32 on it, and writes nothing when a head loses more than --budget.",
    };

    private static readonly Option<double> Budget = new("--budget") { Description = "Points of macro-F1 that a head may lose.", DefaultValueFactory = _ => 0.3 };
    private static readonly Option<string[]> Without = CommonOptions.List("--without", "Sources to leave out of the measurement, separated by commas.");
    private static readonly Option<string[]> Kept = CommonOptions.List("--keep-fp32", "Parts that stay fp32 in any case, separated by commas: embeddings, layer.0, layer.1 and so on.");
    private static readonly Option<int?> Most = new("--keep-most")
    {
        Description = "Parts that may stay fp32 to hold the budget, those first whose int8 changes the probabilities most. Without it half of them; 0 keeps none.",
    };

    private static readonly Option<GpuPrecision> Gpu = new("--gpu") { Description = "none, or fp16: a second graph in the bundle, for CUDA.", DefaultValueFactory = _ => GpuPrecision.None };
    private static readonly Option<CudaAttention> Attention = new("--gpu-attention")
    {
        Description = "rows: MultiHeadAttention over rows padded to the longest. packed: PackedMultiHeadAttention, which pads nothing and has been run on no GPU yet.",
        DefaultValueFactory = _ => CudaAttention.Rows,
    };

    public static Command Create()
    {
        var options = new BundleOptions();
        var command = new Command(
            "quantize",
            "Makes an int8 bundle for the CPU: weights with a scale a column, activations with a scale a token, so that scores do not depend on the batch; with --gpu fp16 a graph for CUDA beside it.")
        {
            Source, Data, Budget, Without, Kept, Most, Gpu, Attention, CommonOptions.Text, CommonOptions.Pair, CommonOptions.Columns, CommonOptions.Where, CommonOptions.Threads,
        };
        options.AddTo(command);
        command.SetAction(parsed =>
        {
            var invocation = parsed.InvocationConfiguration;
            return ToolException.Guard(invocation.Error, () => Quantize(parsed, options, invocation.Output));
        });
        return command;
    }

    private static void Quantize(ParseResult parsed, BundleOptions options, TextWriter output)
    {
        var budget = parsed.GetValue(Budget);
        if (!(budget >= 0))
        {
            throw new ToolException($"--budget must be 0 or more points, and is {budget}.");
        }

        var source = parsed.GetRequiredValue(Source);
        if (File.Exists(Path.Combine(source, ModelBundle.ManifestFile)))
        {
            var weights = BundleWeights.Open(source);
            Write(options.NewBundle(parsed, weights));
        }
        else
        {
            using var checkpoint = Checkpoint.Open(source);
            Write(options.NewBundle(parsed, checkpoint));
        }

        void Write(NewBundle bundle)
        {
            var int8 = bundle with { Precision = GraphPrecision.Int8, KeptFp32 = ReadKept(parsed, bundle.Plan), Cuda = ReadGpu(parsed, bundle) };
            var quantizer = ReadData(parsed) is { } data ? new Quantizer(int8, data, budget, ReadMost(parsed, bundle.Plan)) : null;
            var written = int8.Write(options.Out(parsed), quantizer is null ? null : quantizer.Decide);
            foreach (var line in quantizer?.Report ?? [])
            {
                output.WriteLine(line);
            }

            var kept = written.Manifest.Metrics?.Quantization?.KeptFp32 ?? int8.KeptFp32;
            output.WriteLine(BundleOptions.Describe(written)
                + (kept.Count > 0 ? $"; in fp32 stay {string.Join(", ", kept)}" : "")
                + (written.Manifest.Metrics is null ? "; quality not measured (--data)" : ""));
        }
    }

    private static GateData? ReadData(ParseResult parsed) => parsed.GetValue(Data) is { } file
        ? new GateData(
            file,
            CommonOptions.ReadColumns(parsed),
            parsed.GetRequiredValue(Without),
            new InferOptions { Device = DeviceChoice.Cpu, Threads = Math.Max(0, parsed.GetValue(CommonOptions.Threads)) })
        : null;

    private static string[] ReadKept(ParseResult parsed, GraphPlan plan)
    {
        var kept = parsed.GetRequiredValue(Kept);
        return kept.Except(plan.Parts).FirstOrDefault() is { } unknown
            ? throw new ToolException($"--keep-fp32 has '{unknown}'; this model's parts are {string.Join(", ", plan.Parts)}.")
            : [.. kept.Distinct()];
    }

    private static int ReadMost(ParseResult parsed, GraphPlan plan)
    {
        var most = parsed.GetValue(Most) ?? plan.Parts.Count / 2;
        return most >= 0 ? most : throw new ToolException($"--keep-most must be 0 or more parts, and is {most}.");
    }

    private static CudaAttention? ReadGpu(ParseResult parsed, NewBundle bundle)
    {
        var attention = parsed.GetValue(Attention);
        if (parsed.GetValue(Gpu) == GpuPrecision.None)
        {
            return attention == CudaAttention.Rows ? null : throw new ToolException("--gpu-attention packed is for the graph of --gpu fp16: give both.");
        }

        return attention == CudaAttention.Packed && bundle.Layout == GraphLayout.Padded
            ? throw new ToolException("--gpu-attention packed is for packed graphs: give --layout packed.")
            : attention;
    }
}
