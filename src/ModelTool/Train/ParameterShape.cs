using ModelTool.Graph;

namespace ModelTool.Train;

/// <summary>A weight tensor by its name in <see cref="BertTensors"/>.</summary>
internal sealed record ParameterShape(string Name, long[] Shape)
{
    /// <summary>Weight decay pulls matrices towards zero; biases and LayerNorm are left alone, as BERT's own training did.</summary>
    public bool Decays => !Name.EndsWith(".bias", StringComparison.Ordinal) && !Name.Contains("LayerNorm", StringComparison.Ordinal);

    public long Count => Shape.Aggregate(1L, (product, size) => product * size);

    /// <summary>One of the three tables that a token's embedding is the sum of.</summary>
    public bool IsEmbedding => Name is Words or Positions or Segments;

    public const string Words = "embeddings.word_embeddings.weight";
    public const string Positions = "embeddings.position_embeddings.weight";
    public const string Segments = "embeddings.token_type_embeddings.weight";

    /// <summary>Everything that a BERT with these heads consists of.</summary>
    public static List<ParameterShape> Of(BertConfig config, IReadOnlyList<HeadSpec> heads) =>
        [.. BertTensors.Of(config, heads).Select(tensor => new ParameterShape(tensor.Name, tensor.Shape))];
}
