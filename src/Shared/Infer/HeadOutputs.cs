using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace StreamScorer.Shared.Infer;

/// <summary>Receives one tensor a head and lays them side by side, row by row.</summary>
internal sealed class HeadOutputs
{
    private readonly IReadOnlyList<GraphOutput> _outputs;
    private readonly PinnedTensor[] _tensors;
    private readonly OrtValue[] _values;
    private readonly int _logitCount;

    public HeadOutputs(GraphContract contract)
    {
        _outputs = contract.Outputs;
        _logitCount = contract.LogitCount;
        Names = [.. _outputs.Select(output => output.Name)];
        _tensors = [.. _outputs.Select(output => new PinnedTensor(output.Type))];
        _values = new OrtValue[_tensors.Length];
    }

    public string[] Names { get; }

    /// <summary>Memory for the graph to write to; dispose it with <see cref="Release"/>.</summary>
    public OrtValue[] Prepare(int rows)
    {
        for (var i = 0; i < _tensors.Length; i++)
        {
            _values[i] = _tensors[i].View([rows, _outputs[i].Width]);
        }

        return _values;
    }

    public void Release()
    {
        foreach (var value in _values)
        {
            value?.Dispose();
        }
    }

    /// <param name="logits">[rows, LogitCount].</param>
    /// <exception cref="InferenceException">A logit is not finite.</exception>
    public void CopyTo(Span<float> logits, int rows)
    {
        var column = 0;
        for (var i = 0; i < _tensors.Length; i++)
        {
            var labels = _outputs[i].Width;
            for (var row = 0; row < rows; row++)
            {
                var target = logits.Slice((row * _logitCount) + column, labels);
                Read(_tensors[i], rows * labels, row * labels, target);
                Check(target, _outputs[i], row, rows);
            }

            column += labels;
        }
    }

    private static void Read(PinnedTensor tensor, int count, int from, Span<float> target)
    {
        if (tensor.Type == TensorElementType.Float)
        {
            tensor.Use<float>(count).Slice(from, target.Length).CopyTo(target);
            return;
        }

        var halves = tensor.Use<Half>(count).Slice(from, target.Length);
        for (var i = 0; i < target.Length; i++)
        {
            target[i] = (float)halves[i];
        }
    }

    private static void Check(ReadOnlySpan<float> logits, GraphOutput output, int row, int rows)
    {
        foreach (var logit in logits)
        {
            if (!float.IsFinite(logit))
            {
                throw new InferenceException(
                    $"The model gave {(float.IsNaN(logit) ? "NaN" : "an infinite logit")} for head '{output.Head.Name}' in row {row} of {rows}.", InferenceFailure.Rows);
            }
        }
    }
}
