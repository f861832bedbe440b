using StreamScorer.Shared.Bundle;

namespace ModelTool.Graph;

/// <summary>
/// A BERT encoder with its heads as an inference graph: Devlin et al. 2019, post-layer-normalisation, GELU by the error function, operators fused
/// where ONNX Runtime has the fused form. Outputs have the heads' names: logits [batch, labels] (softmax, sigmoid), [batch, sequence, labels], packed [tokens,
/// labels] (token, span), vectors [batch, hidden] (embedding). When no head reads more than [CLS], the last layer computes nothing else.
/// </summary>
internal sealed class BertGraph
{
    private readonly GraphBuilder _graph = new("bert");
    private readonly BertConfig _config;
    private readonly ReadWeight _read;
    private readonly TokenLayout _layout;
    private readonly Products _products;

    private BertGraph(BertConfig config, GraphLayout layout, GraphPrecision precision, ReadWeight read)
    {
        _config = config;
        _read = read;
        _layout = layout == GraphLayout.Packed ? new PackedLayout(_graph, config) : new PaddedLayout(_graph, config);
        _products = precision == GraphPrecision.Int8 ? new Int8Products(_graph, config) : new FloatProducts(_graph, config);
    }

    /// <param name="precision">Of the encoder; heads and pooler are fp32 always. fp32 or int8.</param>
    /// <param name="read">Called once for each weight of <see cref="BertTensors.Of"/>.</param>
    public static GraphBuilder Emit(BertConfig config, GraphLayout layout, GraphPrecision precision, IReadOnlyList<HeadSpec> heads, ReadWeight read)
    {
        var bert = new BertGraph(config, layout, precision, read);
        bert.Emit(heads);
        return bert._graph;
    }

    private void Emit(IReadOnlyList<HeadSpec> heads)
    {
        var hidden = Embed();
        var onlyFirst = !heads.Any(head => head.NeedsTokens);
        for (var layer = 0; layer < _config.Encoder.Layers; layer++)
        {
            using (_graph.Scope($"layer.{layer}"))
            {
                hidden = Layer(BertTensors.Layer(layer), hidden, onlyFirst && layer == _config.Encoder.Layers - 1);
            }
        }

        using (_graph.Scope("heads"))
        {
            Heads(heads, hidden, _layout.Rows(onlyFirst ? hidden : _layout.First(hidden)));
        }
    }

    private string Embed()
    {
        using (_graph.Scope("embeddings"))
        {
            return _products.Embed(_layout, new EmbeddingWeights(
                _read("embeddings.word_embeddings.weight"),
                Table("positions", "embeddings.position_embeddings.weight"),
                Table("segments", "embeddings.token_type_embeddings.weight"),
                Vector("scale", "embeddings.LayerNorm.weight"),
                Vector("shift", "embeddings.LayerNorm.bias")));
        }
    }

    private string Layer(string name, string hidden, bool onlyFirst)
    {
        var (queryWeight, queryBias) = Linear("query", $"{name}.attention.self.query", _config.Hidden, _config.Hidden);
        var (keyWeight, keyBias) = Linear("key", $"{name}.attention.self.key", _config.Hidden, _config.Hidden);
        var (valueWeight, valueBias) = Linear("value", $"{name}.attention.self.value", _config.Hidden, _config.Hidden);
        var bias = _graph.Initializer("attention.bias", (float[])[.. queryBias, .. keyBias, .. valueBias], 3 * _config.Hidden);
        var asking = onlyFirst ? _layout.First(hidden) : hidden;
        var attended = _layout.Attend(Product(asking, queryWeight), Product(hidden, keyWeight), Product(hidden, valueWeight), bias, onlyFirst);
        var mixed = Residual($"{name}.attention.output", "attention.output", attended, asking, _config.Hidden);

        var (upWeight, upBias) = Linear("intermediate", $"{name}.intermediate.dense", _config.Encoder.Intermediate, _config.Hidden);
        var wide = _graph.Node(
            "BiasGelu", [Product(mixed, upWeight), _graph.Initializer("intermediate.bias", upBias, upBias.Length)], GraphBuilder.Microsoft);
        return Residual($"{name}.output", "output", wide, mixed, _config.Encoder.Intermediate);
    }

    /// <summary>Normalised (values W + b + skip).</summary>
    private string Residual(string name, string part, string values, string skip, int inputs)
    {
        var (weight, bias) = Linear(part, $"{name}.dense", _config.Hidden, inputs);
        string[] parts =
        [
            Product(values, weight), skip, Vector($"{part}.scale", $"{name}.LayerNorm.weight"), Vector($"{part}.shift", $"{name}.LayerNorm.bias"),
            _graph.Initializer($"{part}.bias", bias, bias.Length),
        ];
        return _graph.Node("SkipLayerNormalization", parts, GraphBuilder.Microsoft, ("epsilon", _config.Epsilon));
    }

    private void Heads(IReadOnlyList<HeadSpec> heads, string hidden, string first)
    {
        var pooled = heads.Any(head => head.NeedsPooler) ? _graph.Node("Tanh", [Dense("pooler", BertTensors.Pooler, first, _config.Hidden)]) : "";
        foreach (var head in heads)
        {
            using (_graph.Scope(head.Name))
            {
                Head(head, hidden, first, pooled);
            }
        }
    }

    private void Head(HeadSpec head, string hidden, string first, string pooled)
    {
        if (!head.HasWeights)
        {
            Embedding(head, head.Pooling switch { Pooling.Mean => _layout.Mean(hidden), Pooling.Cls => first, _ => pooled });
        }
        else if (head.NeedsTokens)
        {
            var name = BertTensors.Head(head.Name);
            var bias = _read($"{name}.bias");
            var weight = _graph.Initializer("dense.weight", Transpose(_read($"{name}.weight"), bias.Length, _config.Hidden), _config.Hidden, bias.Length);
            _graph.Add("Add", [_graph.Node("MatMul", [hidden, weight]), _graph.Initializer("bias", bias, bias.Length)], [head.Name]);
            _graph.Output(head.Name, ElementType.Float, [.. _layout.TokenShape, head.Labels.Count]);
        }
        else
        {
            Dense("dense", BertTensors.Head(head.Name), pooled, head.Labels.Count, head.Name);
            _graph.Output(head.Name, ElementType.Float, "batch", head.Labels.Count);
        }
    }

    private void Embedding(HeadSpec head, string vector)
    {
        if (head.Normalise)
        {
            var length = _graph.Node("ReduceL2", [vector, _graph.Initializer("axis", [1L], 1)], null, ("keepdims", 1));
            // The least length keeps a vector of zeros from becoming NaN.
            _graph.Add("Div", [vector, _graph.Node("Max", [length, _graph.Initializer("least", [1e-12f], 1)])], [head.Name]);
        }
        else
        {
            _graph.Add("Identity", [vector], [head.Name]);
        }

        _graph.Output(head.Name, ElementType.Float, "batch", _config.Hidden);
    }

    /// <summary>Rows times a weight, plus its bias: for the [CLS] rows, which are few.</summary>
    private string Dense(string part, string name, string rows, int outputs, string? result = null)
    {
        var weight = _read($"{name}.weight");
        var bias = _read($"{name}.bias");
        string[] inputs = [rows, _graph.Initializer($"{part}.weight", weight, outputs, _config.Hidden), _graph.Initializer($"{part}.bias", bias, outputs)];
        return result is null
            ? _graph.Node("Gemm", inputs, null, ("transB", 1))
            : _graph.Add("Gemm", inputs, [result], null, ("transB", 1))[0];
    }

    private string Product(string values, string weight) => _products.Multiply(values, weight);

    /// <summary>A linear layer's weight, turned to [inputs, outputs] as MatMul takes it, and its bias, which some fused operator adds.</summary>
    private (string Weight, float[] Bias) Linear(string part, string name, int outputs, int inputs)
    {
        var weight = Transpose(_read($"{name}.weight"), outputs, inputs);
        return (_products.Weight(part, weight, inputs, outputs), _read($"{name}.bias"));
    }

    private string Vector(string part, string name)
    {
        var data = _read(name);
        return _graph.Initializer(part, data, data.Length);
    }

    private string Table(string part, string name)
    {
        var data = _read(name);
        return _graph.Initializer(part, data, data.Length / _config.Hidden, _config.Hidden);
    }

    private static float[] Transpose(float[] matrix, int rows, int columns)
    {
        // In blocks that stay in the cache while they are read across and written down.
        const int Block = 32;
        var result = new float[matrix.Length];
        for (var top = 0; top < rows; top += Block)
        {
            for (var left = 0; left < columns; left += Block)
            {
                for (var row = top; row < Math.Min(top + Block, rows); row++)
                {
                    for (var column = left; column < Math.Min(left + Block, columns); column++)
                    {
                        result[(column * rows) + row] = matrix[(row * columns) + column];
                    }
                }
            }
        }

        return result;
    }
}
