namespace ModelTool.Train;

/// <summary>What a training step found.</summary>
/// <param name="Losses">By head, before its weight.</param>
/// <param name="GradientNorm">Over all gradients, before clipping. When it is no number, the step changed nothing.</param>
internal sealed record StepResult(IReadOnlyDictionary<string, float> Losses, double GradientNorm);

/// <summary>Takes training steps. The same batches in the same order give the same weights to the bit on the same machine, but for <see cref="DeviceEngine"/> on a GPU.</summary>
internal interface ITrainEngine : IDisposable
{
    /// <summary>Parameters that a step changes: those trained that a loss depends on.</summary>
    IReadOnlyList<string> Updated { get; }

    /// <summary>Steps taken so far.</summary>
    long Steps { get; set; }

    /// <summary>One step over a batch.</summary>
    /// <param name="rate">Learning rate.</param>
    StepResult Step(TrainBatch batch, double rate);

    /// <summary>Makes the parameter set hold what the steps so far have made of weights, moments and averages.</summary>
    void Collect();
}
