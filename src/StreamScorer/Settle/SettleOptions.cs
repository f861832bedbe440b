using System.ComponentModel.DataAnnotations;

namespace StreamScorer.Settle;

/// <summary>How outcomes and progress become final.</summary>
internal sealed record SettleOptions : IValidatableObject
{
    /// <summary>
    /// ExactlyOnce: outcomes and offsets become visible together, in transactions; readers that ask for committed data only
    /// (isolation.level=read_committed) see every record once. AtLeastOnce: no transactions, so brokers without them will do and outcomes
    /// are visible a little earlier; after a crash some records come twice, with the same result_id. (default: ExactlyOnce)
    /// </summary>
    public Delivery Delivery { get; init; } = Delivery.ExactlyOnce;

    /// <summary>
    /// Least time between two commits; the first outcome after a quiet time is committed at once. Longer asks the brokers less often
    /// and, with transactions, makes readers of committed data wait longer. While more records wait to be scored than a transaction holds, it lasts up to
    /// ten times as long, at most a quarter of TransactionTimeout. At a revoke and at the end a commit is always made. (default: 00:00:00.100)
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan CommitInterval { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// With ExactlyOnce: time after which the brokers abort a transaction that its worker does not end. So long a worker that was
    /// killed holds up readers of committed data; a worker with a fixed Kafka:GroupInstanceId ends its old transaction as soon as it is back.
    /// Shorter than an election of a partition leader takes makes every election an abort. Must be at least twice CommitInterval. (default: 00:00:30)
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:15:00")]
    public TimeSpan TransactionTimeout { get; init; } = TimeSpan.FromSeconds(30);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (TransactionTimeout < 2 * CommitInterval)
        {
            yield return new ValidationResult(
                $"{nameof(TransactionTimeout)} ({TransactionTimeout}) must be at least twice {nameof(CommitInterval)} ({CommitInterval}).",
                [nameof(TransactionTimeout)]);
        }
    }
}

/// <summary>What a reader of the outputs may rely on.</summary>
internal enum Delivery
{
    ExactlyOnce,
    AtLeastOnce,
}
