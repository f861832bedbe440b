using System.Text.Json.Serialization;

namespace StreamScorer.Shared.Contracts;

/// <summary>Why a record cannot be scored. The names, in snake case, are part of the output contract.</summary>
[JsonConverter(typeof(SnakeCaseEnumConverter<RejectReason>))]
public enum RejectReason
{
    /// <summary>The value is not one well-formed JSON document.</summary>
    NotJson,

    /// <summary>Brackets nested deeper than the limit.</summary>
    TooDeep,

    /// <summary>The document, or its text, has another JSON type than the contract says.</summary>
    WrongType,

    /// <summary>There is no text field.</summary>
    MissingText,

    /// <summary>The text is empty, or nothing of it is left for the model to read.</summary>
    EmptyText,

    /// <summary>The text is over the byte limit.</summary>
    TextTooLong,

    /// <summary>The bytes are not UTF-8.</summary>
    InvalidUtf8,

    /// <summary>The text has an escape for one half of a surrogate pair without the other.</summary>
    UnpairedSurrogate,

    /// <summary>The model fails on this post alone.</summary>
    Inference,

    /// <summary>The process died each time it worked on this record, twice of them on it alone.</summary>
    CrashLoop,
}

/// <summary>A record that cannot be scored: the reason and one sentence for people, without any of the text.</summary>
public sealed record Reject(RejectReason Reason, string Message);
