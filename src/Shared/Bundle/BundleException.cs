namespace StreamScorer.Shared.Bundle;

/// <summary>A model bundle cannot be served. The message is one line for people: what, where, how to cure it.</summary>
public sealed class BundleException : Exception
{
    public BundleException(string message)
        : base(message)
    {
    }

    public BundleException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
