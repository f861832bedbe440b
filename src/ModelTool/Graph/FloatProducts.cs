namespace ModelTool.Graph;

/// <summary>fp32 throughout.</summary>
internal sealed class FloatProducts(GraphBuilder graph, BertConfig config) : Products
{
    public override string Weight(string part, float[] matrix, int inputs, int outputs) => graph.Initializer($"{part}.weight", matrix, inputs, outputs);

    public override string Multiply(string values, string weight) => graph.Node("MatMul", [values, weight]);

    public override string Embed(TokenLayout layout, EmbeddingWeights weights)
    {
        var words = graph.Initializer("words", weights.Words, weights.Words.Length / config.Hidden, config.Hidden);
        return layout.Embed(words, weights.Positions, weights.Segments, weights.Scale, weights.Shift);
    }
}
