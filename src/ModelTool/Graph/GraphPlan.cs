using StreamScorer.Shared.Bundle;

namespace ModelTool.Graph;

/// <summary>What a graph is to be, apart from its weights.</summary>
/// <param name="Precision">Of the encoder; heads and pooler are fp32 always. fp16 is for CUDA.</param>
internal sealed record GraphPlan(BertConfig Config, GraphLayout Layout, GraphPrecision Precision)
{
    public const string Embeddings = "embeddings";

    /// <summary>Parts of an int8 graph that stay fp32 all the same: some of <see cref="Parts"/>.</summary>
    public IReadOnlyCollection<string> KeptFp32 { get; init; } = [];

    /// <summary>For a packed fp16 graph.</summary>
    public CudaAttention Attention { get; init; }

    /// <summary>What can be kept in fp32 by itself.</summary>
    public IReadOnlyList<string> Parts => [Embeddings, .. Enumerable.Range(0, Config.Encoder.Layers).Select(Layer)];

    /// <summary>Name of a layer, counted from 0.</summary>
    public static string Layer(int layer) => $"layer.{layer}";
}
