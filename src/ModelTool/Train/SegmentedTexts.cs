using ModelTool.Graph;
using StreamScorer.Shared.Encode;
using StreamScorer.Shared.Judge;

namespace ModelTool.Train;

/// <summary>Makes logits of texts of the logits of their segments, which come in any order.</summary>
/// <param name="examples">Segments of a text lie one after the other.</param>
internal sealed class SegmentedTexts(IReadOnlyList<HeadSpec> heads, IReadOnlyList<Example> examples, SegmentAggregate aggregate)
{
    private readonly Dictionary<(int First, int Head), (float[] Rows, int Count)> _begun = [];

    /// <summary>Logits of one head for a whole text; empty until its last segment came. A text in one piece comes back as it is.</summary>
    /// <param name="row">Index of the example; each comes once.</param>
    /// <param name="logits">One a label.</param>
    public ReadOnlySpan<float> Whole(int row, int head, ReadOnlySpan<float> logits)
    {
        var part = examples[row].Part;
        if (part.Count == 1)
        {
            return logits;
        }

        var key = (row - part.Index, head);
        var (rows, count) = _begun.TryGetValue(key, out var begun) ? begun : (new float[part.Count * logits.Length], 0);
        logits.CopyTo(rows.AsSpan(part.Index * logits.Length));
        if (count + 1 < part.Count)
        {
            _begun[key] = (rows, count + 1);
            return [];
        }

        _begun.Remove(key);
        var pooled = new float[logits.Length];
        SegmentPool.Pool(aggregate, heads[head].Kind, rows, logits.Length, pooled);
        return pooled;
    }
}
