namespace StreamScorer.Shared.Infer;

/// <summary>What a failed model call says about trying again.</summary>
public enum InferenceFailure
{
    /// <summary>It may go away: whatever is not known to be one of the others.</summary>
    Transient,

    /// <summary>The device has no memory for this call. A smaller one may fit.</summary>
    OutOfMemory,

    /// <summary>It lies in what was asked: the same rows fail again, other rows do not.</summary>
    Rows,

    /// <summary>The device will answer nothing more to this process.</summary>
    Device,
}

/// <summary>The model failed on a token batch. Never holds any text.</summary>
public sealed class InferenceException : Exception
{
    public InferenceException(string message, InferenceFailure failure = InferenceFailure.Transient)
        : base(message) => Failure = failure;

    public InferenceException(string message, Exception inner, InferenceFailure failure = InferenceFailure.Transient)
        : base(message, inner) => Failure = failure;

    public InferenceFailure Failure { get; }
}
