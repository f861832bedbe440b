namespace ModelTool.Graph;

/// <summary>fp32 throughout.</summary>
internal sealed class FloatProducts(GraphBuilder graph, BertConfig config) : Products
{
    public override string Weight(string part, float[] matrix, int inputs, int outputs) => graph.Initializer($"{part}.weight", matrix, inputs, outputs);

    public override string Multiply(Activations values, string weight) => graph.Node("MatMul", [values.Name, weight]);

    public override string Embed(TokenLayout layout, EmbeddingWeights weights)
    {
        var words = Constant("words", weights.Words, weights.Words.Length / config.Hidden, config.Hidden);
        return layout.Embed(words, weights.Positions, weights.Segments, weights.Scale, weights.Shift);
    }

    public override string Constant(string name, float[] data, params long[] shape) => graph.Initializer(name, data, shape);

    public override string Gelu(string product, float[] bias) => AddThenGelu(graph, product, bias);

    /// <summary>
    /// Two operators, because the fused BiasGelu takes twice as long as both on the CPU (ONNX Runtime 1.29). The bias has two dimensions so that the runtime does
    /// not fuse them after all.
    /// </summary>
    public static string AddThenGelu(GraphBuilder graph, string product, float[] bias) =>
        graph.Node("Gelu", [graph.Node("Add", [product, graph.Initializer("intermediate.bias", bias, 1, bias.Length)])], GraphBuilder.Microsoft);
}
