using Microsoft.ML.OnnxRuntime;
using StreamScorer.Shared.Bundle;

namespace ModelTool.Import;

/// <summary>Runs a bundle's graphs once on the CPU: those for CUDA, and those with heads that the worker does not serve.</summary>
internal static class GraphTrial
{
    /// <exception cref="BundleException">A graph does not load or run, or its outputs are not the manifest's heads.</exception>
    public static void Run(ModelBundle bundle)
    {
        foreach (var (device, variant) in bundle.Manifest.Variants)
        {
            try
            {
                using var settings = new SessionOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
                using var session = new InferenceSession(bundle.PathOf(variant.Graph), settings);
                Run(session, bundle.Manifest, variant);
            }
            catch (OnnxRuntimeException e) when (device == "cuda" && e.Message.Contains("NotImplemented", StringComparison.Ordinal))
            {
                // An operator that only CUDA has. The runtime says so after it has found the operators, their types and shapes in order.
            }
            catch (OnnxRuntimeException e)
            {
                throw new BundleException($"The graph {bundle.PathOf(variant.Graph)} does not run: {e.Message.ReplaceLineEndings(" ")}", e);
            }
        }
    }

    // A row of three tokens and one of two.
    private static readonly Dictionary<string, long[]> Padded = new()
    {
        ["input_ids"] = [1, 1, 1, 1, 1, 0],
        ["attention_mask"] = [1, 1, 1, 1, 1, 0],
        ["token_type_ids"] = [0, 0, 0, 0, 0, 0],
    };

    private static readonly Dictionary<string, int[]> Packed = new()
    {
        ["ids"] = [1, 1, 1, 1, 1],
        ["positions"] = [0, 1, 2, 0, 1],
        ["segments"] = [0, 0, 0, 0, 0],
        ["bounds"] = [0, 3, 5],
    };

    private static void Run(InferenceSession session, BundleManifest manifest, VariantManifest variant)
    {
        var packed = variant.Layout == GraphLayout.Packed;
        var names = (packed ? Packed.Keys.AsEnumerable() : Padded.Keys).ToList();
        var values = packed
            ? [.. Packed.Values.Select(data => OrtValue.CreateTensorValueFromMemory(data, [data.Length]))]
            : Padded.Values.Select(data => OrtValue.CreateTensorValueFromMemory(data, [2, 3])).ToList();
        var graph = variant.Graph;
        try
        {
            using var run = new RunOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
            var outputs = manifest.Heads.Select(head => session.OutputMetadata.ContainsKey(head.Name)
                ? head.Name
                : throw new BundleException($"The graph {graph} has no output for head '{head.Name}', it has {string.Join(", ", session.OutputNames)}.")).ToList();
            using var results = session.Run(run, names, values, outputs);
            for (var i = 0; i < results.Count; i++)
            {
                Check(results[i].GetTensorTypeAndShape().Shape, manifest.Heads[i], packed ? [5] : [2, 3], manifest.Encoder.Hidden, graph);
            }
        }
        finally
        {
            values.ForEach(value => value.Dispose());
        }
    }

    private static void Check(long[] shape, HeadManifest head, long[] tokens, int hidden, string graph)
    {
        long[] expected = head.Kind switch
        {
            HeadKind.Token or HeadKind.Span => [.. tokens, head.Labels.Count],
            HeadKind.Embedding => [2, hidden],
            _ => [2, head.Labels.Count],
        };
        if (!shape.SequenceEqual(expected))
        {
            throw new BundleException(
                $"The graph {graph} gives [{string.Join(", ", shape)}] for head '{head.Name}' and rows of three and two tokens; [{string.Join(", ", expected)}] fits the manifest.");
        }
    }
}
