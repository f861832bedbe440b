namespace ModelTool.Train;

/// <summary>What F1 is computed from, by label.</summary>
internal sealed class F1Counts(int labels)
{
    private readonly int[] _hits = new int[labels];
    private readonly int[] _truths = new int[labels];
    private readonly int[] _predictions = new int[labels];

    /// <summary>F1 of each label that occurs among truths or predictions, averaged without weights; a fraction.</summary>
    public double Macro => Enumerable.Range(0, labels)
        .Where(label => _truths[label] + _predictions[label] > 0)
        .Select(label => 2.0 * _hits[label] / (_truths[label] + _predictions[label]))
        .DefaultIfEmpty(0)
        .Average();

    /// <summary>One label of several.</summary>
    /// <param name="truth">-1 where it is missing, and nothing is counted.</param>
    public void AddOne(int truth, int predicted)
    {
        if (truth >= 0)
        {
            _truths[truth]++;
            _predictions[predicted]++;
            _hits[truth] += truth == predicted ? 1 : 0;
        }
    }

    /// <summary>A label that is there or not.</summary>
    /// <param name="truth">1, 0, or -1 where it is missing, and nothing is counted.</param>
    public void AddEach(int label, int truth, bool predicted)
    {
        if (truth >= 0)
        {
            _truths[label] += truth;
            _predictions[label] += predicted ? 1 : 0;
            _hits[label] += predicted ? truth : 0;
        }
    }
}
