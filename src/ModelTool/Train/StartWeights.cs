using ModelTool.Graph;
using ModelTool.Import;

namespace ModelTool.Train;

/// <summary>The weights that training starts from.</summary>
internal static class StartWeights
{
    /// <summary>Names of the parameters that training changes.</summary>
    /// <exception cref="ToolException">The configuration freezes layers that are not there, or everything.</exception>
    public static HashSet<string> Trained(BertConfig config, IReadOnlyList<HeadSpec> heads, FreezeConfig freeze)
    {
        if (freeze.Layers > config.Encoder.Layers)
        {
            throw new ToolException($"'freeze.layers' is {freeze.Layers}, and the encoder has {config.Encoder.Layers} layers.");
        }

        List<string> frozen = [.. freeze.Heads.Select(head => BertTensors.Head(head) + ".")];
        if (freeze.Backbone || freeze.Embeddings || freeze.Layers > 0)
        {
            frozen.Add("embeddings.");
        }

        var layers = freeze.Backbone ? config.Encoder.Layers : freeze.Layers;
        frozen.AddRange(Enumerable.Range(0, layers).Select(layer => BertTensors.Layer(layer) + "."));
        var trained = BertTensors.Of(config, heads)
            .Select(tensor => tensor.Name)
            .Where(name => !frozen.Exists(prefix => name.StartsWith(prefix, StringComparison.Ordinal)))
            .ToHashSet();
        return heads.All(head => freeze.Heads.Contains(head.Name)) && layers == config.Encoder.Layers
            ? throw new ToolException("'freeze' leaves nothing to train: thaw a head or a layer.")
            : trained;
    }

    /// <summary>Reads the checkpoint's weights; a head or pooler that it does not have starts at random, a wrong shape is refused.</summary>
    /// <returns>What starts at random, by name of the layer.</returns>
    public static IReadOnlyList<string> Load(Checkpoint checkpoint, IReadOnlyList<HeadSpec> heads, ParameterSet parameters, int seed)
    {
        List<HeadSpec> known;
        using (var file = SafetensorsFile.Open(checkpoint.WeightsFile))
        {
            known = [.. heads.Where(head => file.Tensors.ContainsKey(BertTensors.Head(head.Name) + ".weight"))];
            var pooler = file.Tensors.Keys.Any(name => name.EndsWith(BertTensors.Pooler + ".weight", StringComparison.Ordinal));
            if (pooler && heads.Any(head => head.NeedsPooler) && !known.Exists(head => head.NeedsPooler))
            {
                // Stands for the pooler alone: it has no weights of its own.
                known.Add(new HeadSpec("pooled", StreamScorer.Shared.Bundle.HeadKind.Embedding, []) { Pooling = Pooling.Pooled });
            }
        }

        checkpoint.Require(known);
        var found = BertTensors.Of(checkpoint.Config, known).Select(tensor => tensor.Name).ToHashSet();
        var random = new RandomWeights(checkpoint.Config, heads, seed);
        foreach (var parameter in parameters.All)
        {
            (found.Contains(parameter.Name) ? checkpoint.Read(parameter.Name) : random.Read(parameter.Name)).CopyTo(parameter.Value.Span);
            if (parameter.Average is { } average)
            {
                parameter.Value.Span.CopyTo(average.Span);
            }
        }

        return [.. parameters.All.Select(parameter => parameter.Name).Where(name => !found.Contains(name) && name.EndsWith(".weight", StringComparison.Ordinal))
            .Select(name => name[..^".weight".Length])];
    }
}
