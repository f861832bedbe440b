namespace ModelTool.Train;

/// <summary>y = x Wᵀ + b, weights [out, in] as checkpoints keep them. dx = dy W, dW = dyᵀ x, db = column sums of dy.</summary>
internal static class DenseOperator
{
    /// <param name="x">[rows, in].</param>
    /// <returns>[rows, out].</returns>
    public static string Dense(this Tape tape, string x, string weight, string bias) => tape.Record(
        tape.Node("Gemm", [x, weight, bias], ("transB", 1L)),
        [x, weight, bias],
        dy =>
        {
            if (tape.Tracks(weight))
            {
                tape.PassProduct(weight, sum => tape.Node("Gemm", Operands(dy, x, sum), ("transA", 1L)));
            }

            if (tape.Tracks(bias))
            {
                tape.Pass(bias, tape.Sum(dy, 0));
            }

            if (tape.Tracks(x))
            {
                tape.PassProduct(x, sum => tape.Node("Gemm", Operands(dy, weight, sum)));
            }
        });

    private static string[] Operands(string a, string b, string? c) => c is null ? [a, b] : [a, b, c];
}
