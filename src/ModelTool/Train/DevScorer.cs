using Microsoft.ML.OnnxRuntime;
using ModelTool.Graph;
using StreamScorer.Shared.Bundle;

namespace ModelTool.Train;

/// <summary>Macro-F1 of every head on the development rows, with the weights as they would be saved. Without dropout.</summary>
internal sealed class DevScorer : IDisposable
{
    // Twice as many tokens fit through as in training: nothing is kept for a gradient.
    private const int Rows = 64;

    private readonly IReadOnlyList<HeadSpec> _heads;
    private readonly IReadOnlyList<Example> _examples;
    private readonly BatchMaker _maker;
    private readonly TrainGraph _graph;
    private readonly GraphSession _session;

    public DevScorer(
        BertConfig config, IReadOnlyList<HeadSpec> heads, ParameterSet parameters, IReadOnlyList<Example> examples, BatchMaker maker, int threads)
    {
        (_heads, _examples, _maker) = (heads, examples, maker);
        _graph = TrainGraphEmitter.Emit(config, heads, new TrainGraphOptions { Trained = new HashSet<string>() });
        _session = new GraphSession(_graph, name => parameters[name].Served, threads);
    }

    /// <summary>By head, in their order; fractions.</summary>
    public IReadOnlyList<double> MacroF1()
    {
        F1Counts[] counts = [.. _heads.Select(head => new F1Counts(head.Labels.Count))];
        foreach (var rows in BatchPlan.Sorted(_examples, Rows))
        {
            var batch = _maker.Make(_examples, rows);
            float[][] logits = [.. _heads.Select(head => new float[batch.Rows * head.Labels.Count])];
            Run(batch, logits);
            for (var head = 0; head < _heads.Count; head++)
            {
                Count(counts[head], head, rows, logits[head]);
            }
        }

        return [.. counts.Select(head => head.Macro)];
    }

    public void Dispose() => _session.Dispose();

    private void Run(TrainBatch batch, float[][] logits)
    {
        var outputs = _heads.Zip(logits, (head, memory) =>
            (Name: _graph.Logits[head.Name], Into: OrtValue.CreateTensorValueFromMemory(memory, TrainGraph.LogitShape(head, batch.Rows, batch.Length)))).ToList();
        try
        {
            _session.Run(batch, new Dictionary<string, OrtValue>(), outputs);
        }
        finally
        {
            outputs.ForEach(output => output.Into.Dispose());
        }
    }

    private void Count(F1Counts counts, int head, int[] rows, float[] logits)
    {
        var labels = _heads[head].Labels.Count;
        for (var i = 0; i < rows.Length; i++)
        {
            var truth = _examples[rows[i]].Labels[head];
            var row = logits.AsSpan(i * labels, labels);
            if (_heads[head].Kind == HeadKind.Softmax)
            {
                counts.AddOne(truth[0], Likeliest(row));
                continue;
            }

            for (var label = 0; label < labels; label++)
            {
                counts.AddEach(label, truth[label], row[label] >= 0);
            }
        }
    }

    // Of two equal ones the last: probability 0.5 counts as yes.
    private static int Likeliest(ReadOnlySpan<float> logits)
    {
        var best = 0;
        for (var i = 1; i < logits.Length; i++)
        {
            best = logits[i] >= logits[best] ? i : best;
        }

        return best;
    }
}
