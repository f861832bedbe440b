using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Judge;

namespace StreamScorer.Operate.Page;

/// <summary>Probabilities of one label.</summary>
/// <param name="Bins">Posts from 0 to 0.05, from 0.05 to 0.1, and so on.</param>
internal sealed record LabelScores(string Head, string Label, IReadOnlyList<long> Bins);

/// <summary>
/// How the probabilities of recent posts are spread, label by label: the last five to ten minutes, in fixed memory. Of a head that says yes or no, the
/// label that means yes; the other one is its mirror image. Thread-safe.
/// </summary>
internal sealed class ScoreHistograms
{
    public const int Bins = 20;

    /// <summary>A page with more of them is no longer read; labels that can raise a flag come first.</summary>
    private const int MaxLabels = 12;

    private readonly (string Head, string Label)[] _labels;
    private long[][] _earlier;
    private long[][] _current;

    public ScoreHistograms(IReadOnlyList<HeadManifest> heads, Policy policy)
    {
        var rules = policy.Content.Heads;
        _labels =
        [
            .. heads
                .SelectMany(head => head.Labels.Skip(head is { Kind: HeadKind.Softmax, Labels.Count: 2 } ? 1 : 0).Select(label => (Head: head.Name, Label: label)))
                .OrderByDescending(any => rules.TryGetValue(any.Head, out var own) && own.ContainsKey(any.Label))
                .Take(MaxLabels),
        ];
        (_earlier, _current) = (Empty(), Empty());
    }

    public void Add(Verdict verdict)
    {
        var counts = Volatile.Read(ref _current);
        for (var i = 0; i < _labels.Length; i++)
        {
            var probability = verdict.Heads[_labels[i].Head].Probabilities[_labels[i].Label];
            Interlocked.Increment(ref counts[i][Math.Clamp((int)(probability * Bins), 0, Bins - 1)]);
        }
    }

    /// <summary>Forgets what is older than the last call. Called every five minutes by one caller.</summary>
    public void Turn()
    {
        _earlier = _current;
        Volatile.Write(ref _current, Empty());
    }

    public IReadOnlyList<LabelScores> Read()
    {
        var (earlier, current) = (_earlier, Volatile.Read(ref _current));
        return [.. _labels.Select((any, i) => new LabelScores(any.Head, any.Label, [.. earlier[i].Zip(current[i], (a, b) => a + b)]))];
    }

    private long[][] Empty() => [.. _labels.Select(_ => new long[Bins])];
}
