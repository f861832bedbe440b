namespace ModelTool.Train;

/// <summary>Operators that pick rows.</summary>
internal static class RowOperators
{
    /// <summary>The first token of each row, that is [CLS]: [rows * length, hidden] to [rows, hidden]. Its gradient is zero everywhere else.</summary>
    /// <param name="sequence">Name of a shape: rows, length, hidden.</param>
    /// <param name="padding">Name of the amounts by which [rows, 1, hidden] becomes [rows, length, hidden].</param>
    public static string FirstTokens(this Tape tape, string x, string sequence, string padding, int hidden)
    {
        var first = tape.Node("Gather", [tape.Node("Reshape", x, sequence), tape.Shape(0)], ("axis", 1L));
        return tape.Record(tape.Reshape(first, -1, hidden), [x], dy =>
            tape.Pass(x, tape.Reshape(tape.Node("Pad", tape.Reshape(dy, -1, 1, hidden), padding), -1, hidden)));
    }

    /// <summary>Start and end scores of each token, [rows * length, 2], as two rows of scores, [rows, 2, length].</summary>
    /// <param name="pairs">Name of a shape: rows, length, 2.</param>
    public static string SpanRows(this Tape tape, string x, string pairs) => tape.Record(
        tape.Node("Transpose", [tape.Node("Reshape", x, pairs)], ("perm", LastTwo)),
        [x],
        dy => tape.Pass(x, tape.Reshape(tape.Node("Transpose", [dy], ("perm", LastTwo)), -1, 2)));

    /// <summary>Adds a constant that needs no gradient.</summary>
    public static string Shift(this Tape tape, string x, string constant) =>
        tape.Record(tape.Node("Add", x, constant), [x], dy => tape.Pass(x, dy));

    private static readonly long[] LastTwo = [0, 2, 1];
}
