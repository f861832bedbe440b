using Microsoft.ML.OnnxRuntime;

namespace ModelTool.Train;

/// <summary>A training graph in ONNX Runtime, its weights read where they lie in memory.</summary>
internal sealed class GraphSession : IDisposable
{
    private readonly InferenceSession _session;
    private readonly RunOptions _runOptions = new();
    private readonly TrainGraph _graph;
    private readonly Func<string, OrtValue> _weights;

    /// <param name="weights">The tensor of a weight, by its name.</param>
    /// <param name="threads">0 takes all cores.</param>
    public GraphSession(TrainGraph graph, TrainDevice device, Func<string, OrtValue> weights, int threads)
    {
        (_graph, _weights) = (graph, weights);
        using var options = device.Settings(threads);
        _session = new InferenceSession(graph.Model, options);
    }

    /// <summary>Runs the graph over a batch.</summary>
    /// <param name="others">Inputs beyond the batch and the weights, such as dropout masks.</param>
    /// <param name="outputs">Names, each with the memory that it is written to, the device's or ours.</param>
    /// <exception cref="ToolException">It could not be computed.</exception>
    public void Run(TrainBatch batch, IEnumerable<(string Name, OrtValue Value)> others, IReadOnlyList<(string Name, OrtValue Into)> outputs)
    {
        var ofBatch = Inputs(batch).ToList();
        try
        {
            var inputs = ofBatch
                .Concat(others)
                .Concat(_graph.Parameters.Select(parameter => (parameter.Name, Value: _weights(parameter.Name))))
                .ToList();
            _session.Run(
                _runOptions,
                [.. inputs.Select(input => input.Name)],
                [.. inputs.Select(input => input.Value)],
                [.. outputs.Select(output => output.Name)],
                [.. outputs.Select(output => output.Into)]);
        }
        catch (OnnxRuntimeException e)
        {
            throw new ToolException(
                $"ONNX Runtime could not compute {batch.Rows} rows of {batch.Length} tokens: {e.Message.ReplaceLineEndings(" ")}. If memory was short, lower batch or max_tokens.", e);
        }
        finally
        {
            ofBatch.ForEach(input => input.Value.Dispose());
        }
    }

    public void Dispose()
    {
        _session.Dispose();
        _runOptions.Dispose();
    }

    private IEnumerable<(string Name, OrtValue Value)> Inputs(TrainBatch batch)
    {
        long[] shape = [batch.Rows, batch.Length];
        yield return (TrainGraph.Ids, OrtValue.CreateTensorValueFromMemory(batch.Ids, shape));
        yield return (TrainGraph.SegmentIds, OrtValue.CreateTensorValueFromMemory(batch.Segments, shape));
        var positions = Enumerable.Range(0, batch.Length).Select(position => (long)position).ToArray();
        yield return (TrainGraph.PositionIds, OrtValue.CreateTensorValueFromMemory(positions, [batch.Length]));
        yield return (TrainGraph.Padding, OrtValue.CreateTensorValueFromMemory(batch.Padding(), [batch.Rows, 1, 1, batch.Length]));
        foreach (var input in _graph.Shapes)
        {
            var sizes = input.Of(batch.Rows, batch.Length);
            yield return (input.Name, OrtValue.CreateTensorValueFromMemory(sizes, [sizes.Length]));
        }

        foreach (var head in _graph.Heads.Where(head => _graph.Losses.ContainsKey(head.Name)))
        {
            var target = batch.Targets[head.Name];
            var targetShape = TrainGraph.LogitShape(head, batch.Rows, batch.Length);
            yield return (TrainGraph.Target(head.Name), OrtValue.CreateTensorValueFromMemory(target.Target, targetShape));
            yield return (TrainGraph.Scale(head.Name), OrtValue.CreateTensorValueFromMemory<float>([target.Scale], []));
            if (target.Weight is { } weight)
            {
                yield return (TrainGraph.TargetWeight(head.Name), OrtValue.CreateTensorValueFromMemory(weight, targetShape));
            }
        }
    }
}
