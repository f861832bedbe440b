using StreamScorer.Shared.Bundle;

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
            head => Target(picked, head.Index, head.Item.Value, length));
        return new TrainBatch(length, ids, segments, [.. picked.Select(example => example.Ids.Length)], targets);
    }

    private static HeadTarget Target(Example[] rows, int head, HeadConfig config, int length) => config.ParsedKind switch
    {
        HeadKind.Sigmoid => Sigmoid(rows, head, config),
        HeadKind.Token => OneOf(rows, head, config, length, config.Labels.Count),
        HeadKind.Span => OneOf(rows, head, config, 2, length), // of all tokens one is the start, and one the end
        _ => OneOf(rows, head, config, 1, config.Labels.Count),
    };

    /// <summary>
    /// Cross-entropy averaged with the rows' and classes' weights over the places that have a label, as torch.nn.CrossEntropyLoss does with its ignore_index.
    /// </summary>
    /// <param name="places">Places of a row that can have a label: 1, its tokens, or start and end.</param>
    /// <param name="classes">What a label is one of.</param>
    private static HeadTarget OneOf(Example[] rows, int head, HeadConfig config, int places, int classes)
    {
        var target = new float[rows.Length * places * classes];
        var all = 0f;
        for (var i = 0; i < rows.Length; i++)
        {
            var place = i * places * classes;
            if (rows[i].SoftLabel(head) is { } soft) // softmax only: one place
            {
                for (var one = 0; one < classes; one++)
                {
                    Add(place + one, rows[i].Weight * soft.Weight * soft.Probabilities[one] * ClassWeight(config, one));
                }

                continue;
            }

            foreach (var label in rows[i].Labels[head])
            {
                if (label >= 0)
                {
                    Add(place + label, rows[i].Weight * ClassWeight(config, label));
                }

                place += classes;
            }
        }

        return new HeadTarget(target, null, all > 0 ? 1 / all : 0);

        void Add(int at, float weight)
        {
            target[at] = weight;
            all += weight;
        }
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
