using StreamScorer.Shared.Group;
using StreamScorer.Shared.Infer;

namespace StreamScorer.Tests;

/// <summary>Of the row, as the model would see it.</summary>
internal delegate float RowLogit(ReadOnlySpan<int> row);

/// <summary>A device that costs nothing and does what a test wants, for a model with the default bundle's heads.</summary>
internal sealed class FakeScorer : IScorer
{
    /// <summary>Runs at the start of every call.</summary>
    public Action Act { get; set; } = () => { };

    /// <summary>Of the second label of a row; the others are 0.</summary>
    public RowLogit Logit { get; set; } = _ => 0;

    public int Rows { get; private set; }

    public string Device => "none";

    public int LogitCount => 6;

    public bool Pads => true;

    public void Score(TokenBatch batch, Span<float> logits)
    {
        Act();
        Rows += batch.Rows;
        logits.Clear();
        for (var row = 0; row < batch.Rows; row++)
        {
            logits[(row * LogitCount) + 1] = Logit(batch.Row(row));
        }
    }

    public void Dispose()
    {
    }
}
