namespace ModelTool.Train;

/// <summary>Learning rate by step: up from 0 over the warm-up, then down to 0, both linearly.</summary>
/// <param name="peak">Reached with the last step of the warm-up.</param>
/// <param name="warmup">Share of all steps.</param>
/// <param name="steps">All steps of the training.</param>
internal readonly struct Schedule(double peak, double warmup, long steps)
{
    private readonly long _rising = (long)Math.Ceiling(warmup * steps);

    /// <param name="step">From 0.</param>
    public double Rate(long step) => step < _rising
        ? peak * (step + 1) / _rising
        : peak * Math.Max(0, steps - step) / (steps - _rising);
}
