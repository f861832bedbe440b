using Microsoft.ML.OnnxRuntime;
using ModelTool.Graph;

namespace ModelTool.Train;

/// <summary>
/// Trains with the update in the graph. Weights, moments and averages lie twice on the device: a step reads the one and writes the other, and then they change
/// places. So nothing but the batch goes to the device and nothing but losses and the norm comes back, and a step that fails has changed nothing.
/// </summary>
internal sealed class DeviceEngine : ITrainEngine
{
    private readonly EngineOptions _options;
    private readonly ParameterSet _parameters;
    private readonly TrainDevice _device;
    private readonly TrainGraph _graph;
    private readonly DeviceWeights _frozen;
    private readonly GraphSession _session;
    private readonly DropoutMasks? _masks;
    private readonly (ParameterGroup Group, StateKind Kind)[] _states;
    private OrtValue[] _now;
    private OrtValue[] _next;

    public DeviceEngine(BertConfig config, IReadOnlyList<HeadSpec> heads, ParameterSet parameters, EngineOptions options, TrainDevice device)
    {
        (_options, _parameters, _device) = (options, parameters, device);
        var averages = parameters.All.Any(parameter => parameter.Average is not null);
        var threads = options.Threads > 0 ? options.Threads : Environment.ProcessorCount;
        _graph = TrainGraphEmitter.Emit(
            config, heads, options.Graph with { Dropout = options.DropoutRate > 0, Update = new UpdateOptions(options.AdamW, options.LargestNorm, averages) });
        _frozen = new DeviceWeights(device, _graph.Parameters.Select(parameter => (parameter.Name, parameters[parameter.Name].Value)));
        _session = new GraphSession(_graph, device, name => _frozen[name], threads);
        _masks = options.DropoutRate > 0 ? new DropoutMasks(options.DropoutRate, options.Seed, threads) : null;
        Updated = [.. parameters.All.Select(parameter => parameter.Name).Intersect(_graph.Groups.SelectMany(group => group.Parameters).Select(parameter => parameter.Name))];
        _states = [.. _graph.Groups.SelectMany(group => Enum.GetValues<StateKind>().Where(kind => averages || kind != StateKind.Average).Select(kind => (group, kind)))];
        _now = [.. _states.Select(state => device.Allocate(state.Group.Shape))];
        _next = [.. _states.Select(state => device.Allocate(state.Group.Shape))];
        Move(toDevice: true);
    }

    public IReadOnlyList<string> Updated { get; }

    public long Steps { get; set; }

    /// <summary>What the next step reads.</summary>
    public IReadOnlyList<OrtValue> Now => _now;

    public StepResult Step(TrainBatch batch, double rate)
    {
        var losses = _graph.Losses.Keys.ToDictionary(head => head, _ => new float[1]);
        var norm = new float[1];
        var factors = _options.AdamW.At(Steps + 1, rate);
        var fresh = (float)(1 - Optimizer.Kept(_options.Average, Steps + 1));
        using var given = OrtValue.CreateTensorValueFromMemory<float>([factors.Keep, factors.Rate, factors.InverseRoot, fresh], [4]);
        var found = losses.Select(loss => (_graph.Losses[loss.Key], OrtValue.CreateTensorValueFromMemory(loss.Value, [])))
            .Append((TrainGraph.Norm, OrtValue.CreateTensorValueFromMemory(norm, []))).ToList();
        var inputs = _states.Zip(_now, (state, tensor) => (state.Group.Before(state.Kind), tensor)).Append((TrainGraph.Factors, given));
        var outputs = _states.Zip(_next, (state, tensor) => (state.Group.After(state.Kind), tensor)).Concat(found);
        try
        {
            _session.Run(batch, [.. inputs, .. _masks?.Draw(_graph.Masks, Steps, batch.Rows, batch.Length) ?? []], [.. outputs]);
        }
        finally
        {
            found.ForEach(output => output.Item2.Dispose());
        }

        var finite = losses.Values.All(loss => float.IsFinite(loss[0])) && float.IsFinite(norm[0]);
        if (finite)
        {
            (_now, _next) = (_next, _now);
            Steps++;
        }

        return new StepResult(losses.ToDictionary(loss => loss.Key, loss => loss.Value[0]), finite ? norm[0] : double.NaN);
    }

    public void Collect() => Move(toDevice: false);

    public void Dispose()
    {
        _session.Dispose();
        _masks?.Dispose();
        _frozen.Dispose();
        Array.ForEach([.. _now, .. _next], tensor => tensor.Dispose());
    }

    /// <summary>Between the parameter set and what the next step reads.</summary>
    private void Move(bool toDevice)
    {
        foreach (var ((group, kind), tensor) in _states.Zip(_now))
        {
            var all = new float[group.Shape[0] * group.Shape[1]];
            using var host = OrtValue.CreateTensorValueFromMemory(all, group.Shape);
            if (!toDevice)
            {
                _device.Copy(tensor, host);
            }

            var start = 0;
            foreach (var parameter in group.Parameters)
            {
                var own = _parameters[parameter.Name].Of(kind)!.Span;
                var piece = all.AsSpan(start, own.Length);
                if (toDevice)
                {
                    own.CopyTo(piece);
                }
                else
                {
                    piece.CopyTo(own);
                }

                start += own.Length;
            }

            if (toDevice)
            {
                _device.Copy(host, tensor);
            }
        }
    }
}
