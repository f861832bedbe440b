using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Encode;
using StreamScorer.Shared.Group;

namespace StreamScorer.Shared.Judge;

/// <summary>
/// Makes the logits of texts of the logits of their segments. It is logits that are put together and not probabilities, so that all that comes after (temperatures, thresholds,
/// calibration) sees one row of logits a text. A policy's temperature divides that row: the mean of quotients is the quotient of the mean, and the same holds for a
/// maximum, so for them it makes no difference; only the log probabilities that several labels are compared by are taken without it, so that they do not depend
/// on a policy. Its memory is used again from text to text: one caller at a time.
/// </summary>
public sealed class SegmentPool
{
    private readonly IReadOnlyList<HeadManifest> _heads;
    private readonly SegmentAggregate _aggregate;
    private readonly float[] _pooled;
    private float[] _rows = [];

    public SegmentPool(BundleManifest manifest)
    {
        _heads = manifest.Heads;
        _aggregate = manifest.Segments?.Aggregate ?? default;
        _pooled = new float[_heads.Sum(head => head.Labels.Count)];
    }

    /// <summary>Logits of one text: all heads' labels, in manifest order. Valid until the next call.</summary>
    /// <param name="logits">[grouping.Rows, labels of all heads].</param>
    /// <param name="first">Index of the text's first segment among what was grouped.</param>
    /// <param name="count">How many it has. One costs nothing: its logits are the text's.</param>
    public ReadOnlySpan<float> Logits(ReadOnlySpan<float> logits, Grouping grouping, int first, int count)
    {
        var width = _pooled.Length;
        if (count == 1)
        {
            return logits.Slice(grouping.RowOf(first) * width, width);
        }

        if (_rows.Length < count * width)
        {
            _rows = new float[count * width];
        }

        var rows = _rows.AsSpan(0, count * width);
        for (var i = 0; i < count; i++)
        {
            logits.Slice(grouping.RowOf(first + i) * width, width).CopyTo(rows[(i * width)..]);
        }

        var column = 0;
        foreach (var head in _heads)
        {
            Pool(_aggregate, head.Kind, rows[column..], width, _pooled.AsSpan(column, head.Labels.Count));
            column += head.Labels.Count;
        }

        return _pooled;
    }

    /// <summary>Puts the logits of one head together.</summary>
    /// <param name="rows">Logits of the first segment at 0, of the next at <paramref name="stride"/>, and so on.</param>
    /// <param name="pooled">One a label.</param>
    public static void Pool(SegmentAggregate aggregate, HeadKind kind, ReadOnlySpan<float> rows, int stride, Span<float> pooled)
    {
        if (aggregate == SegmentAggregate.Mean)
        {
            Mean(rows, stride, pooled);
            return;
        }

        pooled.Fill(float.NegativeInfinity);
        for (var at = 0; at + pooled.Length <= rows.Length; at += stride)
        {
            var logits = rows.Slice(at, pooled.Length);
            var offset = kind == HeadKind.Softmax ? Offset(logits) : 0;
            for (var label = 0; label < pooled.Length; label++)
            {
                pooled[label] = MathF.Max(pooled[label], logits[label] - offset);
            }
        }
    }

    private static void Mean(ReadOnlySpan<float> rows, int stride, Span<float> pooled)
    {
        for (var label = 0; label < pooled.Length; label++)
        {
            var (sum, count) = (0.0, 0);
            for (var at = label; at < rows.Length; at += stride)
            {
                sum += rows[at];
                count++;
            }

            pooled[label] = (float)(sum / count);
        }
    }

    // A softmax leaves open where its logits begin, so they are compared as what does not: of two labels the odds of the second, else each
    // label's log probability, logit - log Σ exp(logit). Nothing jumps from one segment to another, as it would if a single segment were taken.
    private static float Offset(ReadOnlySpan<float> logits)
    {
        if (logits.Length == 2)
        {
            return logits[0];
        }

        var largest = float.NegativeInfinity;
        foreach (var logit in logits)
        {
            largest = MathF.Max(largest, logit);
        }

        var sum = 0.0;
        foreach (var logit in logits)
        {
            sum += Math.Exp((double)logit - largest); // from the largest, so that nothing overflows
        }

        return (float)(largest + Math.Log(sum));
    }
}
