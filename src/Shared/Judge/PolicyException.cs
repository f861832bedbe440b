namespace StreamScorer.Shared.Judge;

/// <summary>A policy file cannot be used. The message is one line for people: what, where, how to cure it.</summary>
public sealed class PolicyException : Exception
{
    public PolicyException(string message)
        : base(message)
    {
    }

    public PolicyException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
