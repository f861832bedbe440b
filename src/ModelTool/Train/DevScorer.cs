using Microsoft.ML.OnnxRuntime;
using ModelTool.Graph;
using StreamScorer.Shared.Encode;

namespace ModelTool.Train;

/// <summary>F1 of every head on the development rows, with the weights as they would be saved. Without dropout.</summary>
internal sealed class DevScorer : IDisposable
{
    // Twice as many tokens fit through as in training: nothing is kept for a gradient.
    private const int Rows = 64;

    private readonly IReadOnlyList<HeadSpec> _heads;
    private readonly IReadOnlyList<Example> _examples;
    private readonly BatchMaker _maker;
    private readonly ParameterSet _parameters;
    private readonly TrainDevice _device;
    private readonly SegmentedTexts _texts;
    private readonly TrainGraph _graph;
    private readonly GraphSession _session;
    private DeviceWeights? _weights;

    public DevScorer(
        BertConfig config, IReadOnlyList<HeadSpec> heads, ParameterSet parameters, IReadOnlyList<Example> examples, BatchMaker maker, SegmentAggregate aggregate, TrainDevice device, int threads)
    {
        (_heads, _examples, _maker, _parameters, _device) = (heads, examples, maker, parameters, device);
        _texts = new SegmentedTexts(heads, examples, aggregate);
        _graph = TrainGraphEmitter.Emit(config, heads, new TrainGraphOptions { Trained = new HashSet<string>() });
        _session = new GraphSession(_graph, device, name => _weights![name], threads);
    }

    /// <summary>By head, in their order; fractions.</summary>
    public IReadOnlyList<double> F1()
    {
        using var weights = _weights = new DeviceWeights(_device, _parameters.All.Select(parameter => (parameter.Name, parameter.Served)));
        HeadMeter[] meters = [.. _heads.Select(HeadMeter.Of)];
        foreach (var rows in BatchPlan.Sorted(_examples, Rows))
        {
            var batch = _maker.Make(_examples, rows);
            float[][] logits = [.. _heads.Select(head => new float[TrainGraph.LogitShape(head, batch.Rows, batch.Length).Aggregate((product, size) => product * size)])];
            Run(batch, logits);
            for (var head = 0; head < _heads.Count; head++)
            {
                var width = logits[head].Length / rows.Length;
                for (var i = 0; i < rows.Length; i++)
                {
                    if (_texts.Whole(rows[i], head, logits[head].AsSpan(i * width, width)) is { IsEmpty: false } whole)
                    {
                        meters[head].Add(_examples[rows[i]], whole);
                    }
                }
            }
        }

        return [.. meters.Select(meter => meter.F1)];
    }

    public void Dispose() => _session.Dispose();

    private void Run(TrainBatch batch, float[][] logits)
    {
        var outputs = _heads.Zip(logits, (head, memory) =>
            (Name: _graph.Logits[head.Name], Into: OrtValue.CreateTensorValueFromMemory(memory, TrainGraph.LogitShape(head, batch.Rows, batch.Length)))).ToList();
        try
        {
            _session.Run(batch, [], outputs);
        }
        finally
        {
            outputs.ForEach(output => output.Into.Dispose());
        }
    }
}
