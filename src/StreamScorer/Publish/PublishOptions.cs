using System.ComponentModel.DataAnnotations;

namespace StreamScorer.Publish;

/// <summary>Where the outcomes go.</summary>
internal sealed record PublishOptions : IValidatableObject
{
    /// <summary>Topic of the scores: one record per post. (default: posts.scored)</summary>
    [Required]
    public string ScoredTopic { get; init; } = "posts.scored";

    /// <summary>Topic of the same records where the decision is review or flag. (default: posts.flagged)</summary>
    [Required]
    public string FlaggedTopic { get; init; } = "posts.flagged";

    /// <summary>Topic of the records that cannot be scored, unchanged, with the reason in their headers. (default: posts.dead-letter)</summary>
    [Required]
    public string DeadLetterTopic { get; init; } = "posts.dead-letter";

    /// <summary>
    /// Outputs that a record without a value, but with a key, goes on to: there it erases what was said of that key, where the topic
    /// is compacted. It is counted as filtered all the same. DeadLetter too where dead letters are kept by key; None where readers of the
    /// outputs cannot bear a record without a value. (default: Scored, Flagged)
    /// </summary>
    public Outputs Tombstones { get; init; } = Outputs.Scored | Outputs.Flagged;

    /// <summary>
    /// Name of a header by which a producer forbids to store a record's text: then its dead letter has no value, but the value's hash and
    /// length, and cannot be replayed. The header counts unless it holds false or 0. Empty: every dead letter has its value. (default: do-not-store)
    /// </summary>
    public string DoNotStoreHeader { get; init; } = "do-not-store";

    /// <summary>Compression of what is published; consumers undo it by themselves. (default: Lz4)</summary>
    public Confluent.Kafka.CompressionType Compression { get; init; } = Confluent.Kafka.CompressionType.Lz4;

    /// <summary>
    /// How long the producer waits for company before it sends, in milliseconds. Every micro-batch pays it once, beside the
    /// model's time; zero costs throughput under load. (default: 5)
    /// </summary>
    [Range(0, 1_000)]
    public double LingerMs { get; init; } = 5;

    /// <summary>Longest time to get one record acknowledged before the worker stops with an error; nothing unacknowledged is ever committed. (default: 00:02:00)</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan DeliveryTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>
    /// Largest record the producer may send. A dead letter carries the original record and some headers, so this, and
    /// max.message.bytes of the dead-letter topic, must be above the largest record of the input topic. (default: 2097152)
    /// </summary>
    [Range(1_000, 1_000_000_000)]
    public int MaxMessageBytes { get; init; } = 2 << 20;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (new HashSet<string> { ScoredTopic, FlaggedTopic, DeadLetterTopic }.Count < 3)
        {
            yield return new ValidationResult($"{nameof(ScoredTopic)}, {nameof(FlaggedTopic)} and {nameof(DeadLetterTopic)} must be three different topics.", [nameof(ScoredTopic)]);
        }
    }
}

/// <summary>Topics that the worker writes, by what they hold.</summary>
[Flags]
internal enum Outputs
{
    None = 0,
    Scored = 1,
    Flagged = 2,
    DeadLetter = 4,
}
