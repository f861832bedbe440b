using StreamScorer.Shared.Group;

namespace StreamScorer.Shared.Infer;

/// <summary>A model on a device. One caller at a time; disposing is safe from any thread.</summary>
public interface IScorer : IDisposable
{
    /// <summary>The device it runs on: <c>cpu</c> or <c>cuda:0</c>.</summary>
    string Device { get; }

    /// <summary>Logits of one row: all heads' labels, in manifest order.</summary>
    int LogitCount { get; }

    /// <summary>Whether it works on rows padded to the batch's longest one; else on the tokens alone, but for attention.</summary>
    bool Pads { get; }

    /// <summary>Scores a token batch.</summary>
    /// <param name="logits">[Rows, LogitCount], row-major; longer is allowed, the rest is left alone.</param>
    /// <exception cref="InferenceException">The model failed, or gave a number that is not finite.</exception>
    /// <exception cref="ObjectDisposedException">Disposed before or while it ran.</exception>
    void Score(TokenBatch batch, Span<float> logits);
}
