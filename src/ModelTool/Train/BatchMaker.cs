namespace ModelTool.Train;

/// <summary>Lays rows out as the graph reads them.</summary>
internal sealed class BatchMaker(IReadOnlyList<KeyValuePair<string, HeadConfig>> heads)
{
    /// <param name="rows">Indices into the examples.</param>
    public TrainBatch Make(IReadOnlyList<Example> examples, IReadOnlyList<int> rows)
    {
        var length = rows.Max(row => examples[row].Ids.Length);
        var ids = new long[rows.Count * length];
        var segments = new long[ids.Length];
        for (var i = 0; i < rows.Count; i++)
        {
            var example = examples[rows[i]];
            for (var token = 0; token < example.Ids.Length; token++)
            {
                ids[(i * length) + token] = example.Ids[token];
                segments[(i * length) + token] = example.Segments?[token] ?? 0;
            }
        }

        Example[] picked = [.. rows.Select(row => examples[row])];
        var targets = heads.Index().ToDictionary(
            head => head.Item.Key,
            head => head.Item.Value.Kind == "sigmoid" ? Sigmoid(picked, head.Index, head.Item.Value) : Softmax(picked, head.Index, head.Item.Value));
        return new TrainBatch(length, ids, segments, [.. picked.Select(example => example.Ids.Length)], targets);
    }

    /// <summary>Cross-entropy averaged with the rows' and classes' weights over the rows that have a label, as torch.nn.CrossEntropyLoss does.</summary>
    private static HeadTarget Softmax(Example[] rows, int head, HeadConfig config)
    {
        var target = new float[rows.Length * config.Labels.Count];
        var all = 0f;
        for (var i = 0; i < rows.Length; i++)
        {
            if (rows[i].SoftLabel(head) is { } soft)
            {
                for (var one = 0; one < config.Labels.Count; one++)
                {
                    var weight = rows[i].Weight * soft.Weight * soft.Probabilities[one] * ClassWeight(config, one);
                    target[(i * config.Labels.Count) + one] = weight;
                    all += weight;
                }
            }
            else if (rows[i].Labels[head][0] is >= 0 and var label)
            {
                var weight = rows[i].Weight * ClassWeight(config, label);
                target[(i * config.Labels.Count) + label] = weight;
                all += weight;
            }
        }

        return new HeadTarget(target, null, all > 0 ? 1 / all : 0);
    }

    /// <summary>Averaged over the labels that are known; a class weight is what a yes counts, as pos_weight of torch.nn.BCEWithLogitsLoss.</summary>
    private static HeadTarget Sigmoid(Example[] rows, int head, HeadConfig config)
    {
        var target = new float[rows.Length * config.Labels.Count];
        var weights = new float[target.Length];
        var all = 0f;
        for (var i = 0; i < target.Length; i++)
        {
            var (row, label) = (rows[i / config.Labels.Count], i % config.Labels.Count);
            if (row.SoftLabel(head) is { } soft)
            {
                target[i] = soft.Probabilities[label];
                weights[i] = row.Weight * soft.Weight * float.Lerp(1, ClassWeight(config, label), soft.Probabilities[label]);
                all += row.Weight * soft.Weight;
            }
            else if (row.Labels[head][label] is >= 0 and var value)
            {
                target[i] = value;
                weights[i] = row.Weight * (value == 1 ? ClassWeight(config, label) : 1);
                all += row.Weight;
            }
        }

        return new HeadTarget(target, weights, all > 0 ? 1 / all : 0);
    }

    private static float ClassWeight(HeadConfig config, int label) => config.ClassWeights.Count > 0 ? config.ClassWeights[label] : 1;
}
