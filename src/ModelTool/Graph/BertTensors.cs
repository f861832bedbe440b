namespace ModelTool.Graph;

/// <summary>Gives a weight by its name in <see cref="BertTensors"/>, row-major.</summary>
internal delegate float[] ReadWeight(string name);

/// <summary>
/// Names and shapes of a BERT's weights, as the reference implementation's BertModel has them (without <c>bert.</c> before), and of the heads:
/// <c>heads.NAME.weight</c> and <c>heads.NAME.bias</c>. Linear weights are [outputs, inputs].
/// </summary>
internal static class BertTensors
{
    public const string Pooler = "pooler.dense";

    public static string Layer(int layer) => $"encoder.layer.{layer}";

    public static string Head(string name) => $"heads.{name}";

    public static IEnumerable<(string Name, long[] Shape)> Of(BertConfig config, IReadOnlyList<HeadSpec> heads)
    {
        long hidden = config.Hidden;
        var tensors = new List<(string, long[])>
        {
            ("embeddings.word_embeddings.weight", [config.Encoder.Vocabulary, hidden]),
            ("embeddings.position_embeddings.weight", [config.Encoder.Positions, hidden]),
            ("embeddings.token_type_embeddings.weight", [config.Segments, hidden]),
        };
        tensors.AddRange(Norm("embeddings.LayerNorm", hidden));
        for (var i = 0; i < config.Encoder.Layers; i++)
        {
            var layer = Layer(i);
            tensors.AddRange(Linear($"{layer}.attention.self.query", hidden, hidden));
            tensors.AddRange(Linear($"{layer}.attention.self.key", hidden, hidden));
            tensors.AddRange(Linear($"{layer}.attention.self.value", hidden, hidden));
            tensors.AddRange(Linear($"{layer}.attention.output.dense", hidden, hidden));
            tensors.AddRange(Norm($"{layer}.attention.output.LayerNorm", hidden));
            tensors.AddRange(Linear($"{layer}.intermediate.dense", config.Encoder.Intermediate, hidden));
            tensors.AddRange(Linear($"{layer}.output.dense", hidden, config.Encoder.Intermediate));
            tensors.AddRange(Norm($"{layer}.output.LayerNorm", hidden));
        }

        if (heads.Any(head => head.NeedsPooler))
        {
            tensors.AddRange(Linear(Pooler, hidden, hidden));
        }

        tensors.AddRange(heads.Where(head => head.HasWeights).SelectMany(head => Linear(Head(head.Name), head.Labels.Count, hidden)));
        return tensors;
    }

    private static (string, long[])[] Linear(string name, long outputs, long inputs) => [($"{name}.weight", [outputs, inputs]), ($"{name}.bias", [outputs])];

    private static (string, long[])[] Norm(string name, long size) => [($"{name}.weight", [size]), ($"{name}.bias", [size])];
}
