using Microsoft.ML.OnnxRuntime;
using ModelTool.Graph;

namespace ModelTool.Train;

/// <summary>How an engine trains.</summary>
internal sealed record EngineOptions
{
    public required TrainGraphOptions Graph { get; init; }

    public AdamWOptions AdamW { get; init; } = new();

    /// <summary>Share of activations that are dropped.</summary>
    public double DropoutRate { get; init; }

    public int Seed { get; init; } = 1;

    /// <summary>Gradients with a larger norm are scaled down to it; 0 never.</summary>
    public double LargestNorm { get; init; } = 1;

    /// <summary>Share of a parameter's moving average that stays at a step; without meaning where the parameters keep none.</summary>
    public double Average { get; init; }

    /// <summary>0 takes all cores.</summary>
    public int Threads { get; init; }
}

/// <summary>
/// Trains on the CPU: ONNX Runtime computes losses and gradients, then the weights it reads are updated in place.
/// </summary>
internal sealed class TrainEngine : ITrainEngine
{
    private readonly BertConfig _config;
    private readonly EngineOptions _options;
    private readonly TrainGraph _graph;
    private readonly GraphSession _session;
    private readonly ParameterSet _parameters;
    private readonly EmbeddingGradients? _embeddings;
    private readonly Optimizer _optimizer;
    private readonly DropoutMasks? _masks;
    private float[] _tokenGradients = [];

    public TrainEngine(BertConfig config, IReadOnlyList<HeadSpec> heads, ParameterSet parameters, EngineOptions options, TrainDevice cpu)
    {
        (_config, _options, _parameters) = (config, options, parameters);
        var threads = options.Threads > 0 ? options.Threads : Environment.ProcessorCount;
        _graph = TrainGraphEmitter.Emit(config, heads, options.Graph with { Dropout = options.DropoutRate > 0 });
        _session = new GraphSession(_graph, cpu, name => parameters[name].Value.Value, threads);
        _masks = options.DropoutRate > 0 ? new DropoutMasks(options.DropoutRate, options.Seed, threads) : null;
        _embeddings = _graph.EmbeddingGradient is null ? null : new EmbeddingGradients(parameters);
        Updated = [.. parameters.All.Where(IsUpdated).Select(parameter => parameter.Name)];
        _optimizer = new Optimizer(options.AdamW, options.Average, parameters, Updated, _embeddings, threads);
    }

    public IReadOnlyList<string> Updated { get; }

    public long Steps
    {
        get => _optimizer.Steps;
        set => _optimizer.Steps = value;
    }

    public StepResult Step(TrainBatch batch, double rate)
    {
        var losses = Differentiate(batch);
        return new StepResult(losses, losses.Values.All(float.IsFinite) ? _optimizer.Step(rate, _options.LargestNorm) : double.NaN);
    }

    /// <summary>Losses by head; the gradients are left in the parameter set.</summary>
    public IReadOnlyDictionary<string, float> Differentiate(TrainBatch batch)
    {
        var masks = _masks?.Draw(_graph.Masks, Steps, batch.Rows, batch.Length) ?? [];
        var losses = _graph.Losses.Keys.ToDictionary(head => head, _ => new float[1]);
        var owned = losses.Select(loss => (_graph.Losses[loss.Key], OrtValue.CreateTensorValueFromMemory(loss.Value, []))).ToList();
        try
        {
            if (_graph.EmbeddingGradient is { } name)
            {
                owned.Add((name, TokenGradients(batch)));
            }

            _session.Run(batch, masks, [.. owned, .. _graph.Gradients.Select(gradient => (gradient.Value, _parameters[gradient.Key].Gradient!.Value))]);
        }
        finally
        {
            owned.ForEach(output => output.Item2.Dispose());
        }

        _embeddings?.Spread(_tokenGradients.AsSpan(0, batch.Ids.Length * _config.Hidden), batch.Ids, batch.Segments, batch.Length);
        return losses.ToDictionary(loss => loss.Key, loss => loss.Value[0]);
    }

    public void Collect()
    {
        // The parameter set is what the steps work on.
    }

    public void Dispose()
    {
        _session.Dispose();
        _masks?.Dispose();
    }

    private OrtValue TokenGradients(TrainBatch batch)
    {
        var count = checked(batch.Ids.Length * _config.Hidden);
        if (_tokenGradients.Length < count)
        {
            _tokenGradients = GC.AllocateUninitializedArray<float>(count);
        }

        return OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, _tokenGradients.AsMemory(0, count), [batch.Ids.Length, _config.Hidden]);
    }

    private bool IsUpdated(Parameter parameter) => parameter.Gradient is not null
        && (_graph.Gradients.ContainsKey(parameter.Name)
            || (_embeddings is not null && parameter.Shape.IsEmbedding));
}
