using Microsoft.ML.OnnxRuntime;
using StreamScorer.Shared.Bundle;

namespace ModelTool.Import;

/// <summary>Runs a bundle's graphs once, for bundles with heads that the worker does not serve.</summary>
internal static class GraphTrial
{
    /// <exception cref="BundleException">A graph does not load or run, or its outputs are not the manifest's heads.</exception>
    public static void Run(ModelBundle bundle)
    {
        foreach (var variant in bundle.Manifest.Variants.Values)
        {
            try
            {
                using var settings = new SessionOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
                using var session = new InferenceSession(bundle.PathOf(variant.Graph), settings);
                Run(session, bundle.Manifest, variant.Graph);
            }
            catch (OnnxRuntimeException e)
            {
                throw new BundleException($"The graph {bundle.PathOf(variant.Graph)} does not run: {e.Message.ReplaceLineEndings(" ")}", e);
            }
        }
    }

    /// <summary>Two rows, one of them padded.</summary>
    private static void Run(InferenceSession session, BundleManifest manifest, string graph)
    {
        var names = session.InputMetadata.Keys.ToList();
        var values = names.ConvertAll(name => OrtValue.CreateTensorValueFromMemory<long>(
            name == "token_type_ids" ? [0L, 0, 0, 0, 0, 0] : [1L, 1, 1, 1, 1, 0], [2, 3]));
        try
        {
            using var run = new RunOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
            var outputs = manifest.Heads.Select(head => session.OutputMetadata.ContainsKey(head.Name)
                ? head.Name
                : throw new BundleException($"The graph {graph} has no output for head '{head.Name}', it has {string.Join(", ", session.OutputNames)}.")).ToList();
            using var results = session.Run(run, names, values, outputs);
            for (var i = 0; i < results.Count; i++)
            {
                Check(results[i].GetTensorTypeAndShape().Shape, manifest.Heads[i], manifest.Encoder.Hidden, graph);
            }
        }
        finally
        {
            values.ForEach(value => value.Dispose());
        }
    }

    private static void Check(long[] shape, HeadManifest head, int hidden, string graph)
    {
        long[] expected = head.Kind switch
        {
            HeadKind.Token or HeadKind.Span => [2, 3, head.Labels.Count],
            HeadKind.Embedding => [2, hidden],
            _ => [2, head.Labels.Count],
        };
        if (!shape.SequenceEqual(expected))
        {
            throw new BundleException(
                $"The graph {graph} gives [{string.Join(", ", shape)}] for head '{head.Name}' and two rows of three tokens; [{string.Join(", ", expected)}] fits the manifest.");
        }
    }
}
