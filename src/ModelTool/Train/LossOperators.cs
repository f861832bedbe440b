namespace ModelTool.Train;

/// <summary>
/// Losses against targets that the host lays out: a label that is missing is a row of zeros and costs nothing, a class weight or a teacher's
/// probability is a number between. <c>scale</c> is a scalar, one over what the loss averages over.
/// </summary>
internal static class LossOperators
{
    /// <summary>
    /// Cross-entropy: -scale Σ target log softmax(logits), over the last axis. dlogits = scale (softmax(logits) Σ target - target).
    /// </summary>
    /// <param name="target">As the logits; each row holds a weight at its class, or zeros.</param>
    public static string CrossEntropy(this Tape tape, string logits, string target, string scale)
    {
        var log = tape.Node("LogSoftmax", [logits], ("axis", -1L));
        var loss = tape.Node("Neg", tape.Node("Mul", SumAll(tape, tape.Node("Mul", target, log)), scale));
        return tape.Record(loss, [logits], d =>
        {
            var expected = tape.Node("Mul", tape.Node("Exp", log), tape.Sum(target, -1, keep: true));
            tape.Pass(logits, tape.Node("Mul", tape.Node("Sub", expected, target), tape.Node("Mul", scale, d)));
        });
    }

    /// <summary>
    /// Binary cross-entropy of logits z: scale Σ weight (softplus(z) - z target). dz = scale weight (sigmoid(z) - target).
    /// </summary>
    /// <param name="target">As the logits; 0, 1 or a probability.</param>
    /// <param name="weight">As the logits; 0 where the label is missing.</param>
    public static string BinaryCrossEntropy(this Tape tape, string logits, string target, string weight, string scale)
    {
        var each = tape.Node("Sub", tape.Node("Softplus", logits), tape.Node("Mul", logits, target));
        var loss = tape.Node("Mul", SumAll(tape, tape.Node("Mul", each, weight)), scale);
        return tape.Record(loss, [logits], d =>
        {
            var difference = tape.Node("Mul", tape.Node("Sub", tape.Node("Sigmoid", logits), target), weight);
            tape.Pass(logits, tape.Node("Mul", difference, tape.Node("Mul", scale, d)));
        });
    }

    private static string SumAll(Tape tape, string tensor) => tape.Node("ReduceSum", [tensor], ("keepdims", 0L));
}
