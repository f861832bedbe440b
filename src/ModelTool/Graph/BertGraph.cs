using StreamScorer.Shared.Bundle;

namespace ModelTool.Graph;

/// <summary>
/// A BERT encoder with its heads as an inference graph: Devlin et al. 2019, post-layer-normalisation, GELU by the error function, operators fused
/// where ONNX Runtime has a fused form that is faster. Outputs have the heads' names: logits [batch, labels] (softmax, sigmoid), [batch, sequence, labels],
/// packed [tokens, labels] (token, span), vectors [batch, hidden] (embedding). When no head reads more than [CLS], the last layer computes nothing else.
/// </summary>
internal sealed class BertGraph
{
    private readonly GraphBuilder _graph = new("bert");
    private readonly GraphPlan _plan;
    private readonly BertConfig _config;
    private readonly ReadWeight _read;
    private readonly TokenLayout _layout;
    private readonly Products _kept;
    private Products _products;

    private BertGraph(GraphPlan plan, ReadWeight read)
    {
        _plan = plan;
        _config = plan.Config;
        _read = read;
        _layout = plan switch
        {
            { Layout: GraphLayout.Padded } => new PaddedLayout(_graph, _config),
            { Precision: GraphPrecision.Fp16 } => new CudaLayout(_graph, _config, plan.Attention),
            _ => new PackedLayout(_graph, _config),
        };
        _kept = new FloatProducts(_graph, _config);
        _products = plan.Precision switch
        {
            GraphPrecision.Int8 => new Int8Products(_graph, _config, _layout),
            GraphPrecision.Fp16 => new HalfProducts(_graph, _config),
            _ => _kept,
        };
    }

    /// <param name="read">Called once for each weight of <see cref="BertTensors.Of"/>.</param>
    public static GraphBuilder Emit(GraphPlan plan, IReadOnlyList<HeadSpec> heads, ReadWeight read)
    {
        var bert = new BertGraph(plan, read);
        bert.Emit(heads);
        return bert._graph;
    }

    private void Emit(IReadOnlyList<HeadSpec> heads)
    {
        var hidden = Part(GraphPlan.Embeddings, Embed);
        var onlyFirst = !heads.Any(head => head.NeedsTokens);
        for (var i = 0; i < _config.Encoder.Layers; i++)
        {
            var (layer, values) = (i, hidden);
            hidden = Part(GraphPlan.Layer(layer), () => Layer(BertTensors.Layer(layer), values, onlyFirst && layer == _config.Encoder.Layers - 1));
        }

        using (_graph.Scope("heads"))
        {
            _products = _kept;
            hidden = _plan.Precision == GraphPrecision.Fp16 ? _graph.Node("Cast", [hidden], null, ("to", ElementType.Float)) : hidden;
            Heads(heads, hidden, onlyFirst ? hidden : _layout.First(hidden));
        }
    }

    /// <summary>Emits a part in the arithmetic that the plan has for it.</summary>
    private string Part(string name, Func<string> emit)
    {
        var products = _products;
        _products = _plan.KeptFp32.Contains(name) ? _kept : products;
        using (_graph.Scope(name))
        {
            var values = emit();
            _products = products;
            return values;
        }
    }

    private string Embed() => _products.Embed(_layout, new EmbeddingWeights(
        _read("embeddings.word_embeddings.weight"),
        Table("positions", "embeddings.position_embeddings.weight"),
        Table("segments", "embeddings.token_type_embeddings.weight"),
        Vector("scale", "embeddings.LayerNorm.weight"),
        Vector("shift", "embeddings.LayerNorm.bias")));

    private string Layer(string name, string hidden, bool onlyFirst)
    {
        var (queryWeight, queryBias) = Linear("query", $"{name}.attention.self.query", _config.Hidden);
        var (keyWeight, _) = Linear("key", $"{name}.attention.self.key", _config.Hidden);
        var (valueWeight, valueBias) = Linear("value", $"{name}.attention.self.value", _config.Hidden);
        var asking = onlyFirst ? _layout.First(hidden) : hidden;
        var queries = onlyFirst && _layout.AsksForFirst ? new Activations(asking, OnlyFirst: true) : new Activations(hidden);
        // The operator wants a bias of all three.
        var bias = _products.Constant("attention.bias", [.. queryBias, .. new float[2 * _config.Hidden]], 3 * _config.Hidden);
        var attended = _layout.Attend(
            Multiply(queries, queryWeight), Multiply(new(hidden), keyWeight), Multiply(new(hidden), valueWeight), bias, onlyFirst);
        var mixed = Residual($"{name}.attention.output", "attention.output", new(attended, onlyFirst), _config.Hidden, asking, valueBias);

        var (upWeight, upBias) = Linear("intermediate", $"{name}.intermediate.dense", _config.Hidden);
        var wide = _products.Gelu(Multiply(new(mixed, onlyFirst), upWeight), upBias);
        return Residual($"{name}.output", "output", new(wide, onlyFirst, FromGelu: true), _config.Encoder.Intermediate, mixed, inputBias: null);
    }

    /// <summary>Normalised ((values + input bias) W + b + skip).</summary>
    private string Residual(string name, string part, Activations values, int inputs, string skip, float[]? inputBias)
    {
        var weight = Transpose(_read($"{name}.dense.weight"), _config.Hidden, inputs);
        var bias = _read($"{name}.dense.bias");
        string[] parts =
        [
            Multiply(values, _products.Weight(part, weight, inputs, _config.Hidden)),
            skip,
            Vector($"{part}.scale", $"{name}.LayerNorm.weight"),
            Vector($"{part}.shift", $"{name}.LayerNorm.bias"),
            _products.Constant($"{part}.bias", inputBias is null ? bias : Through(inputBias, weight, bias), bias.Length),
        ];
        return _graph.Node("SkipLayerNormalization", parts, GraphBuilder.Microsoft, ("epsilon", _config.Epsilon));
    }

    /// <summary>What a bias of a product's inputs does to its outputs: input bias W + b.</summary>
    private static float[] Through(float[] inputBias, float[] weight, float[] bias)
    {
        var sums = Array.ConvertAll(bias, value => (double)value);
        for (var i = 0; i < weight.Length; i++)
        {
            sums[i % sums.Length] += (double)inputBias[i / sums.Length] * weight[i];
        }

        return Array.ConvertAll(sums, value => (float)value);
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
            var logits = _graph.Node("Add", [_graph.Node("MatMul", [hidden, weight]), _graph.Initializer("bias", bias, bias.Length)]);
            _layout.Output(head.Name, logits, head.Labels.Count);
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

    private string Multiply(Activations values, string weight) => _products.Multiply(values, weight);

    /// <summary>A linear layer's weight, turned to [inputs, outputs] as MatMul takes it, and its bias, which some other operator adds.</summary>
    private (string Weight, float[] Bias) Linear(string part, string name, int inputs)
    {
        var bias = _read($"{name}.bias");
        return (_products.Weight(part, Transpose(_read($"{name}.weight"), bias.Length, inputs), inputs, bias.Length), bias);
    }

    private string Vector(string part, string name)
    {
        var data = _read(name);
        return _products.Constant(part, data, data.Length);
    }

    private string Table(string part, string name)
    {
        var data = _read(name);
        return _products.Constant(part, data, data.Length / _config.Hidden, _config.Hidden);
    }

    internal static float[] Transpose(float[] matrix, int rows, int columns)
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
