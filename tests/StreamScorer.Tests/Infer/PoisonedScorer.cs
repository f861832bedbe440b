using StreamScorer.Shared.Group;
using StreamScorer.Shared.Infer;

namespace StreamScorer.Tests.Infer;

/// <summary>The real model, which fails on every call with a certain token.</summary>
internal sealed class PoisonedScorer(IScorer scorer, int token) : IScorer
{
    public string Device => scorer.Device;

    public int LogitCount => scorer.LogitCount;

    public bool Pads => scorer.Pads;

    public void Score(TokenBatch batch, Span<float> logits)
    {
        for (var row = 0; row < batch.Rows; row++)
        {
            if (batch.Row(row).Contains(token))
            {
                throw new InferenceException("The model gave NaN.", InferenceFailure.Rows);
            }
        }

        scorer.Score(batch, logits);
    }

    public void Dispose() => scorer.Dispose();
}
