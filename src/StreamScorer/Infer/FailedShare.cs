namespace StreamScorer.Infer;

/// <summary>
/// Tells a broken model from posts that it cannot score: at least 8 posts failed alone, and more than half of the last ones, which are the micro-batch at hand and as much
/// of those before it as 64 posts weigh. So a trickle of failures is told too, and a few bad posts among many good ones are not enough.
/// </summary>
internal sealed class FailedShare
{
    private const int Least = 8;
    private const double Memory = 64;

    private double _scored;
    private double _failed;

    public bool IsTooLarge => _failed >= Least && _failed > _scored;

    public int Failed => (int)_failed;

    public int All => (int)(_scored + _failed);

    /// <summary>A micro-batch begins: those before it weigh no more than 64 posts.</summary>
    public void Begin()
    {
        var weight = Math.Min(1, Memory / Math.Max(1, _scored + _failed));
        (_scored, _failed) = (_scored * weight, _failed * weight);
    }

    public void Count(int scored, int failed) => (_scored, _failed) = (_scored + scored, _failed + failed);
}
