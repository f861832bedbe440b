namespace ModelTool.Graph;

/// <summary>
/// fp16 weights and activations, for CUDA. Sums of a layer normalisation need fp32: ONNX Runtime's kernels take it where the session asks for strict
/// mode (enable_skip_layer_norm_strict_mode), as the worker does.
/// </summary>
internal sealed class HalfProducts(GraphBuilder graph, BertConfig config) : Products
{
    public override string Weight(string part, float[] matrix, int inputs, int outputs) => Constant($"{part}.weight", matrix, inputs, outputs);

    public override string Multiply(Activations values, string weight) => graph.Node("MatMul", [values.Name, weight]);

    public override string Embed(TokenLayout layout, EmbeddingWeights weights)
    {
        var words = graph.Node("Gather", [Constant("words", weights.Words, weights.Words.Length / config.Hidden, config.Hidden), layout.Ids]);
        return graph.Node(
            "SkipLayerNormalization",
            [words, layout.Places(weights.Positions, weights.Segments), weights.Scale, weights.Shift],
            GraphBuilder.Microsoft,
            ("epsilon", config.Epsilon));
    }

    /// <exception cref="ToolException">A weight is beyond what fp16 holds.</exception>
    public override string Constant(string name, float[] data, params long[] shape)
    {
        var beyond = Array.FindIndex(data, value => Math.Abs(value) > (float)Half.MaxValue);
        return beyond < 0
            ? graph.Initializer(name, [.. data.Select(value => (Half)value)], shape)
            : throw new ToolException($"A weight of '{name}' is {data[beyond]}, and fp16 ends at {Half.MaxValue}: serve this model in fp32.");
    }

    public override string Gelu(string product, float[] bias) =>
        graph.Node("BiasGelu", [product, Constant("intermediate.bias", bias, bias.Length)], GraphBuilder.Microsoft);
}
