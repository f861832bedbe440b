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
internal sealed record ParameterGroup(bool Decays, IReadOnlyList<ParameterShape> Parameters)
{
    public long Count => Parameters.Sum(parameter => parameter.Count);

    private string Name => Decays ? "decaying" : "steady";

    /// <summary>The input with what is so before a step.</summary>
    public string Before(StateKind kind) => $"{Name}.{kind}";

    /// <summary>The output with what is so after it.</summary>
    public string After(StateKind kind) => $"next.{Name}.{kind}";
}

/// <summary>A vector of sizes among a graph's inputs: given by the host, so that no node has to compute them there.</summary>
/// <param name="Of">The sizes for rows and length.</param>
internal sealed record ShapeInput(string Name, Func<int, int, long[]> Of);
