using ModelTool.Graph;

namespace ModelTool.Import;

/// <summary>
/// Weights as BERT is initialised before it is trained: normal with deviation 0.02 (initializer_range of its configuration), biases 0, scales 1.
/// A weight depends on the seed and its name alone.
/// </summary>
internal sealed class RandomWeights
{
    private const double Deviation = 0.02;

    private readonly int _seed;
    private readonly Dictionary<string, long[]> _shapes;

    public RandomWeights(BertConfig config, IReadOnlyList<HeadSpec> heads, int seed)
    {
        _seed = seed;
        _shapes = BertTensors.Of(config, heads).ToDictionary(tensor => tensor.Name, tensor => tensor.Shape, StringComparer.Ordinal);
    }

    /// <summary>All tensors, as a checkpoint holds them; each is drawn when it is asked for.</summary>
    public IReadOnlyList<NamedTensor> Tensors => [.. _shapes.Select(tensor => new NamedTensor(tensor.Key, tensor.Value, () => Read(tensor.Key)))];

    public float[] Read(string name)
    {
        var data = new float[_shapes[name].Aggregate(1L, (count, size) => checked(count * size))];
        if (name.EndsWith("LayerNorm.weight", StringComparison.Ordinal))
        {
            data.AsSpan().Fill(1);
        }
        else if (!name.EndsWith(".bias", StringComparison.Ordinal))
        {
            Draw(data, new Random(Mix(name)));
        }

        return data;
    }

    /// <summary>Box and Muller 1958: two uniform numbers make two normal ones.</summary>
    private static void Draw(float[] data, Random random)
    {
        for (var i = 0; i < data.Length; i += 2)
        {
            var radius = Deviation * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble()));
            var (sine, cosine) = Math.SinCos(2 * Math.PI * random.NextDouble());
            data[i] = (float)(radius * cosine);
            if (i + 1 < data.Length)
            {
                data[i + 1] = (float)(radius * sine);
            }
        }
    }

    // FNV-1a, because a string's own hash code differs from process to process.
    private int Mix(string name) => name.Aggregate(unchecked((int)2166136261) ^ _seed, (hash, letter) => unchecked((hash ^ letter) * 16777619));
}
