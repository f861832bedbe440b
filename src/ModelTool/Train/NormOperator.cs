namespace ModelTool.Train;

/// <summary>Layer normalisation over the last axis: y = γ x̂ + β, x̂ = (x - mean) / √(variance + ε).</summary>
internal static class NormOperator
{
    /// <summary>
    /// With g = dy γ and r the inverse deviation: dx = r (g - mean(g) - x̂ mean(g x̂)); dγ and dβ are column sums of dy x̂ and dy.
    /// </summary>
    /// <param name="x">[rows, width].</param>
    public static string LayerNorm(this Tape tape, string x, string gamma, string beta, float epsilon)
    {
        var outputs = tape.Graph.Nodes("LayerNormalization", [x, gamma, beta], 3, null, ("axis", -1L), ("epsilon", epsilon));
        var (y, mean, inverse) = (outputs[0], outputs[1], outputs[2]);
        return tape.Record(y, [x, gamma, beta], dy =>
        {
            var hat = tape.Node("Mul", tape.Node("Sub", x, mean), inverse);
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
