namespace Soak;

/// <summary>What goes wrong in a trial, and on what.</summary>
/// <param name="What">One line for people.</param>
/// <param name="Faults">Breaks things until it is cancelled, and mends what it has broken before it ends.</param>
internal sealed record TrialKind(string What, Func<Trial, CancellationToken, Task> Faults)
{
    /// <summary>Settings of the workers.</summary>
    public IReadOnlyList<string> Sets { get; init; } = [];

    /// <summary>Brokers with TLS and passwords, so that clients have names and rights.</summary>
    public bool Secure { get; init; }

    /// <summary>An output that is not there at first.</summary>
    public Func<SoakTopics, string?> Absent { get; init; } = _ => null;

    public TrialModel Model { get; init; }

    /// <summary>Samples the memory of the first worker.</summary>
    public bool Memory { get; init; }
}

internal enum TrialModel
{
    /// <summary>One small layer with random weights, so that Kafka is the limit.</summary>
    Tiny,

    /// <summary>The same, failing on the posts with <see cref="SoakRecord.Poison"/>.</summary>
    Poisoned,

    /// <summary>The bundle that comes with the program.</summary>
    Default,
}
