namespace ModelTool.Train;

/// <summary>
/// Scaled dot-product attention of several heads, unfused, since the gradient needs the probabilities:
/// S = Q Kᵀ / √d + bias, P = softmax(S) with dropout, O = P V.
/// </summary>
internal static class AttentionOperator
{
    /// <summary>
    /// dV = Pᵀ dO, dP = dO Vᵀ, dS = P (dP - row sums of P dP), dQ = dS K / √d, dK = dSᵀ Q / √d.
    /// </summary>
    /// <param name="q">[rows, heads, queries, d]; so are k and v with keys for queries.</param>
    /// <param name="bias">Broadcasts to [rows, heads, queries, keys]: 0, or so low where a key is padding that its probability is exactly 0.</param>
    /// <param name="mask">Dropout of the probabilities, or null.</param>
    /// <param name="headSize">d.</param>
    public static string Attend(this Tape tape, string q, string k, string v, string bias, string? mask, int headSize)
    {
        var scale = 1 / MathF.Sqrt(headSize);
        var scores = tape.Node("Add", tape.Product(q, k, scale, transposeB: true), bias);
        var p = tape.Node("Softmax", [scores], ("axis", -1L));
        var dropped = mask is null ? p : tape.Node("Mul", p, mask);
        return tape.Record(tape.Product(dropped, v), [q, k, v], dO =>
        {
            if (tape.Tracks(v))
            {
                tape.Pass(v, tape.Product(dropped, dO, transposeA: true));
            }

            var dDropped = tape.Product(dO, v, transposeB: true);
            var weighted = tape.Node("Mul", dDropped, dropped); // P dP, since dP = mask dDropped
            var dP = mask is null ? dDropped : tape.Node("Mul", dDropped, mask);
            var dS = tape.Node("Mul", p, tape.Node("Sub", dP, tape.Sum(weighted, -1, keep: true)));
            if (tape.Tracks(q))
            {
                tape.Pass(q, tape.Product(dS, k, scale));
            }

            if (tape.Tracks(k))
            {
                tape.Pass(k, tape.Product(dS, q, scale, transposeA: true));
            }
        });
    }

    /// <summary>[rows * length, heads * d] to [rows, heads, length, d].</summary>
    /// <param name="split">Name of a shape: rows, length, heads, d.</param>
    public static string SplitHeads(this Tape tape, string x, string split, int hidden) => tape.Record(
        tape.Node("Transpose", [tape.Node("Reshape", x, split)], ("perm", HeadsFirst)),
        [x],
        dy => tape.Pass(x, tape.Reshape(tape.Node("Transpose", [dy], ("perm", HeadsFirst)), -1, hidden)));

    /// <summary>[rows, heads, length, d] to [rows * length, heads * d].</summary>
    public static string JoinHeads(this Tape tape, string x, string split, int hidden) => tape.Record(
        tape.Reshape(tape.Node("Transpose", [x], ("perm", HeadsFirst)), -1, hidden),
        [x],
        dy => tape.Pass(x, tape.Node("Transpose", [tape.Node("Reshape", dy, split)], ("perm", HeadsFirst))));

    // Its own inverse.
    private static readonly long[] HeadsFirst = [0, 2, 1, 3];
}
