namespace ModelTool.Train;

/// <summary>What a step changes of a parameter.</summary>
internal enum StateKind
{
    Value,
    Moment1,
    Moment2,
    Average,
}

/// <summary>
/// Parameters that a graph updates alike, one after the other in one tensor: nodes for each parameter of its own would be more than a thousand, and on a GPU each
/// is a launch.
/// </summary>
/// <param name="Width">
/// Length of the tensor's rows. For Split and Concat of pieces of unequal length the CUDA provider sends a table with 8 bytes a row to the device at every run: with
/// rows of one number that would be twice the weights.
/// </param>
internal sealed record ParameterGroup(bool Decays, long Width, IReadOnlyList<ParameterShape> Parameters)
{
    /// <summary>Of the tensor.</summary>
    public long[] Shape => [Parameters.Sum(Rows), Width];

    private string Name => $"{(Decays ? "decaying" : "steady")}.{Width}";

    public static IEnumerable<ParameterGroup> Of(IEnumerable<ParameterShape> parameters, int hidden) => parameters
        .GroupBy(parameter => (parameter.Decays, Width: parameter.Count % hidden == 0 ? hidden : 1L))
        .Select(group => new ParameterGroup(group.Key.Decays, group.Key.Width, [.. group]));

    /// <summary>Rows that a parameter takes.</summary>
    public long Rows(ParameterShape parameter) => parameter.Count / Width;

    /// <summary>The input with what is so before a step.</summary>
    public string Before(StateKind kind) => $"{Name}.{kind}";

    /// <summary>The output with what is so after it.</summary>
    public string After(StateKind kind) => $"next.{Name}.{kind}";
}

/// <summary>A vector of sizes among a graph's inputs: given by the host, so that no node has to compute them there.</summary>
/// <param name="Of">The sizes for rows and length.</param>
internal sealed record ShapeInput(string Name, Func<int, int, long[]> Of);
