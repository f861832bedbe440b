namespace ModelTool.Train;

/// <summary>Operators that work element by element.</summary>
internal static class ElementOperators
{
    private const double SqrtHalf = 0.70710678118654752440;
    private const double TwoBySqrtPi = 1.12837916709551257390;

    /// <summary>Sum of two tensors of equal shape.</summary>
    public static string Add(this Tape tape, string x, string y) => tape.Record(
        tape.Node("Add", x, y),
        [x, y],
        dz =>
        {
            foreach (var input in (string[])[x, y])
            {
                if (tape.Tracks(input))
                {
                    tape.Pass(input, dz);
                }
            }
        });

    /// <summary>Tanh. dx = dy (1 - y²).</summary>
    public static string Tanh(this Tape tape, string x)
    {
        var y = tape.Node("Tanh", x);
        return tape.Record(y, [x], dy => tape.Pass(x, tape.Node("Mul", dy, tape.Node("Sub", tape.Scalar(1), tape.Node("Mul", y, y)))));
    }

    /// <summary>
    /// GELU by the error function: y = x Φ(x), Φ(x) = (1 + erf(x / √2)) / 2. With z = x / √2:
    /// dy/dx = Φ(x) + x φ(x) = (1 + erf(z) + 2/√π z exp(-z²)) / 2.
    /// </summary>
    public static string Gelu(this Tape tape, string x) => tape.Record(tape.Node("Gelu", x), [x], dy =>
    {
        var z = tape.Node("Mul", x, tape.Scalar((float)SqrtHalf));
        var bell = tape.Node("Exp", tape.Node("Mul", z, tape.Node("Neg", z)));
        var slope = tape.Node("Mul", tape.Node("Mul", z, tape.Scalar((float)TwoBySqrtPi)), bell);
        var twice = tape.Node("Add", tape.Node("Add", tape.Node("Erf", z), tape.Scalar(1)), slope);
        tape.Pass(x, tape.Node("Mul", dy, tape.Node("Mul", twice, tape.Scalar(0.5f))));
    });

    /// <summary>Dropout by a mask that holds 0 or 1 / (1 - rate); null passes everything.</summary>
    /// <param name="mask">Broadcasts to the shape of <paramref name="x"/>; its gradient is nobody's business.</param>
    public static string Dropout(this Tape tape, string x, string? mask) => mask is null
        ? x
        : tape.Record(tape.Node("Mul", x, mask), [x], dy => tape.Pass(x, tape.Node("Mul", dy, mask)));
}
