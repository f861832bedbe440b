using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace ModelTool.Train;

/// <summary>
/// Clips gradients by their global norm and updates every trained parameter, all cores at once. In one pass over memory: the same update as
/// nodes of the graph would take about twelve.
/// </summary>
internal sealed class Optimizer
{
    // Small enough that the pieces spread evenly, large enough that handing one out costs nothing.
    private const int PieceLength = 1 << 16;

    private readonly AdamWOptions _options;
    private readonly double _average;
    private readonly EmbeddingGradients? _embeddings;
    private readonly List<Piece> _pieces = [];
    private readonly double[] _squares;
    private readonly ParallelOptions _parallel;

    /// <param name="updated">Names of the parameters that get gradients.</param>
    /// <param name="average">Share of the moving average that stays at a step, where parameters keep one.</param>
    /// <param name="embeddings">Which rows of the word embedding have a gradient; null where embeddings are not trained.</param>
    public Optimizer(
        AdamWOptions options, double average, ParameterSet parameters, IEnumerable<string> updated, EmbeddingGradients? embeddings, int threads)
    {
        (_options, _average, _embeddings) = (options, average, embeddings);
        _parallel = new ParallelOptions { MaxDegreeOfParallelism = threads };
        foreach (var parameter in updated.Select(name => parameters[name]))
        {
            var width = parameter.Name == ParameterShape.Words ? (int)parameter.Shape.Shape[1] : 1;
            var piece = Math.Max(PieceLength / width, 1) * width; // whole rows of the word embedding
            for (var start = 0; start < parameter.Value.Count; start += piece)
            {
                _pieces.Add(new Piece(parameter, start, Math.Min(piece, parameter.Value.Count - start)));
            }
        }

        _squares = new double[_pieces.Count];
    }

    /// <summary>Steps taken so far.</summary>
    public long Steps { get; set; }

    /// <summary>
    /// What a moving average keeps of itself at step <paramref name="step"/>, from 1: less at first, so that the starting weights are soon forgotten
    /// (the rule of TensorFlow's ExponentialMovingAverage).
    /// </summary>
    public static double Kept(double average, long step) => Math.Min(average, (1.0 + step) / (10 + step));

    /// <summary>Updates the weights and returns the norm of all gradients before clipping.</summary>
    /// <param name="largestNorm">Gradients beyond it are scaled down to it, as torch.nn.utils.clip_grad_norm_ does; 0 never.</param>
    public double Step(double rate, double largestNorm)
    {
        Parallel.For(0, _pieces.Count, _parallel, i => _squares[i] = SumOfSquares(_pieces[i]));
        var norm = Math.Sqrt(_squares.Sum());
        if (!double.IsFinite(norm))
        {
            return norm;
        }

        Steps++;
        var clip = largestNorm > 0 ? Math.Min(1, largestNorm / (norm + 1e-6)) : 1;
        var decaying = new AdamW(_options, Steps, rate, clip, decays: true);
        var steady = new AdamW(_options, Steps, rate, clip, decays: false);
        var fresh = (float)(1 - Kept(_average, Steps));
        Parallel.For(0, _pieces.Count, _parallel, i => Apply(_pieces[i], _pieces[i].Parameter.Shape.Decays ? decaying : steady, fresh));
        return norm;
    }

    private double SumOfSquares(Piece piece)
    {
        var sum = 0.0;
        foreach (var (start, length, used) in Runs(piece))
        {
            sum += used ? SumOfSquares(piece.Parameter.Gradient!.Span.Slice(start, length)) : 0;
        }

        return sum;
    }

    /// <param name="fresh">Share of the new weights in their moving average.</param>
    private void Apply(Piece piece, AdamW update, float fresh)
    {
        var parameter = piece.Parameter;
        foreach (var (start, length, used) in Runs(piece))
        {
            update.Apply(
                parameter.Value.Span.Slice(start, length),
                used ? parameter.Gradient!.Span.Slice(start, length) : [],
                parameter.Moment1!.Span.Slice(start, length),
                parameter.Moment2!.Span.Slice(start, length));
        }

        if (parameter.Average is { } average)
        {
            // Now, while the cache still has the weights of this piece.
            var mean = average.Span.Slice(piece.Start, piece.Length);
            TensorPrimitives.Lerp(mean, parameter.Value.Span.Slice(piece.Start, piece.Length), fresh, mean);
        }
    }

    private IEnumerable<(int Start, int Length, bool Used)> Runs(Piece piece)
    {
        if (piece.Parameter.Name != ParameterShape.Words)
        {
            return [(piece.Start, piece.Length, true)];
        }

        var width = (int)piece.Parameter.Shape.Shape[1];
        return _embeddings!.Runs(piece.Start / width, piece.Length / width).Select(run => (run.Start * width, run.Length * width, run.Used));
    }

    private static double SumOfSquares(ReadOnlySpan<float> values)
    {
        var wide = MemoryMarshal.Cast<float, Vector<float>>(values);
        var sum = Vector<double>.Zero;
        foreach (var vector in wide)
        {
            Vector.Widen(vector, out var low, out var high);
            sum += (low * low) + (high * high);
        }

        var total = Vector.Sum(sum);
        foreach (var value in values[(wide.Length * Vector<float>.Count)..])
        {
            total += (double)value * value;
        }

        return total;
    }

    private readonly record struct Piece(Parameter Parameter, int Start, int Length);
}
