namespace StreamScorer.Shared.Infer;

/// <summary>The model failed on a token batch. Never holds any text.</summary>
public sealed class InferenceException : Exception
{
    public InferenceException(string message)
        : base(message)
    {
    }

    public InferenceException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
