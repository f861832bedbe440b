namespace ModelTool.Train;

/// <summary>Layer normalisation over the last axis: y = γ x̂ + β, x̂ = (x - mean) / √(variance + ε).</summary>
internal static class NormOperator
{
    /// <summary>
    /// With g = dy γ and r the inverse deviation: dx = r (g - mean(g) - x̂ mean(g x̂)); dγ and dβ are column sums of dy x̂ and dy.
    /// </summary>
    /// <remarks>
    /// Operator by operator: ONNX Runtime's LayerNormalization took 1 ms for [1000, 384] on 2 cores, these a third of that, and x̂ and r are needed again.
    /// </remarks>
    /// <param name="x">[rows, width].</param>
    public static string LayerNorm(this Tape tape, string x, string gamma, string beta, float epsilon)
    {
        var shifted = tape.Node("Sub", x, tape.Mean(x, -1));
        var variance = tape.Mean(tape.Node("Mul", shifted, shifted), -1);
        var inverse = tape.Node("Reciprocal", tape.Node("Sqrt", tape.Node("Add", variance, tape.Scalar(epsilon))));
        var hat = tape.Node("Mul", shifted, inverse);
        return tape.Record(tape.Node("Add", tape.Node("Mul", hat, gamma), beta), [x, gamma, beta], dy =>
        {
            if (tape.Tracks(gamma))
            {
                tape.Pass(gamma, tape.Sum(tape.Node("Mul", dy, hat), 0));
            }

            if (tape.Tracks(beta))
            {
                tape.Pass(beta, tape.Sum(dy, 0));
            }

            if (tape.Tracks(x))
            {
                var g = tape.Node("Mul", dy, gamma);
                var slope = tape.Mean(tape.Node("Mul", g, hat), -1);
                var centred = tape.Node("Sub", tape.Node("Sub", g, tape.Mean(g, -1)), tape.Node("Mul", hat, slope));
                tape.Pass(x, tape.Node("Mul", centred, inverse));
            }
        });
    }
}
