using System.Numerics.Tensors;

namespace ModelTool.Train;

/// <summary>
/// Spreads the gradient of the summed embeddings over the three tables. Done here and not in the graph: a scatter that adds writes the whole table, and on a
/// GPU in no fixed order; here only the rows in use are touched, one after the other.
/// </summary>
internal sealed class EmbeddingGradients(ParameterSet parameters)
{
    private readonly Parameter _words = parameters[ParameterShape.Words];
    private readonly Parameter _positions = parameters[ParameterShape.Positions];
    private readonly Parameter _segments = parameters[ParameterShape.Segments];
    private readonly bool[] _used = new bool[parameters[ParameterShape.Words].Shape.Shape[0]];
    private readonly List<int> _rows = [];

    /// <summary>Takes the place of the gradients of the step before.</summary>
    /// <param name="gradient">[rows * length, hidden].</param>
    /// <param name="ids">[rows * length].</param>
    /// <param name="segments">[rows * length].</param>
    public void Spread(ReadOnlySpan<float> gradient, ReadOnlySpan<long> ids, ReadOnlySpan<long> segments, int length)
    {
        Clear();
        var hidden = (int)_words.Shape.Shape[1];
        for (var token = 0; token < ids.Length; token++)
        {
            var row = gradient.Slice(token * hidden, hidden);
            AddTo(_words, (int)ids[token], row);
            AddTo(_positions, token % length, row);
            AddTo(_segments, (int)segments[token], row);
            if (!_used[ids[token]])
            {
                _used[ids[token]] = true;
                _rows.Add((int)ids[token]);
            }
        }
    }

    /// <summary>Cuts rows of the word embedding into runs that have a gradient, or have none.</summary>
    public IEnumerable<(int Start, int Length, bool Used)> Runs(int firstRow, int rows)
    {
        for (var start = firstRow; start < firstRow + rows;)
        {
            var end = start + 1;
            while (end < firstRow + rows && _used[end] == _used[start])
            {
                end++;
            }

            yield return (start, end - start, _used[start]);
            start = end;
        }
    }

    private void Clear()
    {
        var hidden = (int)_words.Shape.Shape[1];
        foreach (var row in _rows)
        {
            _words.Gradient!.Span.Slice(row * hidden, hidden).Clear();
            _used[row] = false;
        }

        _rows.Clear();
        _positions.Gradient?.Span.Clear();
        _segments.Gradient?.Span.Clear();
    }

    private static void AddTo(Parameter table, int row, ReadOnlySpan<float> gradient)
    {
        if (table.Gradient is { } sum)
        {
            var target = sum.Span.Slice(row * gradient.Length, gradient.Length);
            TensorPrimitives.Add(target, gradient, target);
        }
    }
}
