using System.ComponentModel.DataAnnotations;

namespace StreamScorer.Decode;

/// <summary>What a record's value looks like.</summary>
internal enum InputFormat
{
    /// <summary>One JSON document a record.</summary>
    Json,

    /// <summary>The value is the text itself, UTF-8.</summary>
    Text,
}

/// <summary>How a record's bytes become a post. Fields are named by JSON pointers (RFC 6901), such as <c>/post/body/0</c>.</summary>
internal sealed record DecodeOptions : IValidatableObject
{
    /// <summary>
    /// Json reads the fields named below. Text takes the whole value as the text and the record key as the id; language and
    /// creation time are then unknown. (default: Json)
    /// </summary>
    public InputFormat Format { get; init; } = InputFormat.Json;

    /// <summary>
    /// The post's id, a string or a number. Without one, or with an empty option, the record key is the id, and without a key
    /// topic-partition-offset, which a consumer cannot match with its own posts. (default: /id)
    /// </summary>
    public string IdField { get; init; } = "/id";

    /// <summary>
    /// The text that is scored, a string. A wrong pointer sends every record to the dead letters. Empty: the whole document
    /// is one JSON string. (default: /text)
    /// </summary>
    public string TextField { get; init; } = "/text";

    /// <summary>
    /// The language, a BCP 47 tag. Without one, or with an empty option, the policy's thresholds for all languages apply.
    /// (default: /lang)
    /// </summary>
    public string LanguageField { get; init; } = "/lang";

    /// <summary>
    /// When the post was written: ISO 8601, or Unix seconds or milliseconds as a number. Empty: not read, and missing in the
    /// output. (default: /created_at)
    /// </summary>
    public string CreatedAtField { get; init; } = "/created_at";

    /// <summary>
    /// Longest text in bytes of UTF-8, after JSON escapes are resolved; a longer one is a dead letter. The model reads only
    /// its first tokens, so a higher limit costs memory and tokenizing time and rarely changes a score. (default: 65536)
    /// </summary>
    [Range(1, 16_777_216)]
    public int MaxTextBytes { get; init; } = 65_536;

    /// <summary>
    /// Deepest nesting of objects and arrays; a deeper document is a dead letter. Higher lets hostile documents cost more,
    /// lower may refuse honest ones. (default: 64)
    /// </summary>
    [Range(1, 1_000)]
    public int MaxDepth { get; init; } = 64;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var (name, pointer) in new[]
        {
            (nameof(IdField), IdField), (nameof(TextField), TextField),
            (nameof(LanguageField), LanguageField), (nameof(CreatedAtField), CreatedAtField),
        })
        {
            if (!JsonPointer.TryParse(pointer, out var parsed, out var fault))
            {
                yield return new ValidationResult($"{name} must be a JSON pointer such as /text or /post/body/0: {fault}", [name]);
            }
            else if (parsed.Count > MaxDepth)
            {
                yield return new ValidationResult($"{name} goes {parsed.Count} levels deep, over {nameof(MaxDepth)} ({MaxDepth}).", [name]);
            }
        }
    }
}
