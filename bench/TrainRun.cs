using System.Diagnostics;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using ModelTool.Graph;
using ModelTool.Train;

namespace Bench;

/// <param name="Peak">Of the matrix product, GFLOP/s.</param>
/// <param name="Forward">Tokens a second, padding not counted.</param>
/// <param name="Step">As <paramref name="Forward"/>.</param>
/// <param name="InGraph">As <paramref name="Step"/>, with the update in the graph; infinite where that is not asked for.</param>
internal sealed record TrainRates(double Peak, double Forward, double Step, double InGraph);

/// <summary>The three or four things that <see cref="TrainComparison"/> times. They take turns batch by batch, so that what else the machine does hits all alike.</summary>
internal sealed class TrainRun : IDisposable
{
    private const int Side = 1024;

    private readonly IReadOnlyList<HeadSpec> _heads;
    private readonly TrainDevice _cpu = TrainDevice.Cpu();
    private readonly TrainGraph _forward;
    private readonly GraphSession _session;
    private readonly TrainEngine _engine;
    private readonly DeviceEngine? _inGraph;
    private readonly InferenceSession _product;
    private readonly OrtValue[] _operands = [Square(), Square()];
    private readonly OrtValue _result = Square();

    public TrainRun(BertConfig config, IReadOnlyList<HeadSpec> heads, ParameterSet parameters, int threads, bool inGraph)
    {
        _heads = heads;
        _forward = TrainGraphEmitter.Emit(config, heads, new TrainGraphOptions { Trained = new HashSet<string>() });
        _session = new GraphSession(_forward, _cpu, name => parameters[name].Value.Value, threads);
        var options = new EngineOptions
        {
            Graph = new TrainGraphOptions { Trained = parameters.All.Select(parameter => parameter.Name).ToHashSet() },
            DropoutRate = 0.1,
            Threads = threads,
        };
        _engine = new TrainEngine(config, heads, parameters, options, _cpu);
        _inGraph = inGraph ? new DeviceEngine(config, heads, parameters, options, _cpu) : null;
        var graph = new GraphBuilder("product");
        graph.Output(graph.Add("MatMul", [graph.Input("a", ElementType.Float, Side, Side), graph.Input("b", ElementType.Float, Side, Side)], ["c"])[0], ElementType.Float, Side, Side);
        using var settings = new SessionOptions { IntraOpNumThreads = threads };
        settings.AddSessionConfigEntry("session.force_spinning_stop", "1"); // or its idle threads would cost the next in turn
        _product = new InferenceSession(graph.Build().ToByteArray(), settings);
    }

    public TrainRates Round(IReadOnlyList<TrainBatch> batches)
    {
        List<Action<TrainBatch>> timed = [_ => Multiply(), Forward, batch => _engine.Step(batch, 1e-5)];
        if (_inGraph is { } engine)
        {
            timed.Add(batch => engine.Step(batch, 1e-5));
        }

        var seconds = new double[4];
        for (var batch = 0; batch < batches.Count; batch++)
        {
            for (var turn = 0; turn < timed.Count; turn++)
            {
                var i = (turn + batch) % timed.Count; // none is always the first
                var started = Stopwatch.GetTimestamp();
                timed[i](batches[batch]);
                seconds[i] += Stopwatch.GetElapsedTime(started).TotalSeconds;
            }
        }

        var tokens = batches.Sum(batch => batch.Tokens);
        return new TrainRates(2e-9 * Side * Side * Side * batches.Count / seconds[0], tokens / seconds[1], tokens / seconds[2], tokens / seconds[3]);
    }

    public void Dispose()
    {
        _engine.Dispose();
        _inGraph?.Dispose();
        _session.Dispose();
        _product.Dispose();
        _cpu.Dispose();
        _result.Dispose();
        Array.ForEach(_operands, operand => operand.Dispose());
    }

    private void Multiply()
    {
        using var run = new RunOptions();
        _product.Run(run, ["a", "b"], _operands, ["c"], [_result]);
    }

    private void Forward(TrainBatch batch)
    {
        var outputs = _heads
            .Select(head => (_forward.Logits[head.Name], OrtValue.CreateTensorValueFromMemory(new float[batch.Rows * head.Labels.Count], [batch.Rows, head.Labels.Count])))
            .ToList();
        _session.Run(batch, [], outputs);
        outputs.ForEach(output => output.Item2.Dispose());
    }

    private static OrtValue Square()
    {
        var random = new Random(1);
        return OrtValue.CreateTensorValueFromMemory(Enumerable.Range(0, Side * Side).Select(_ => random.NextSingle() - 0.5f).ToArray(), [Side, Side]);
    }
}
