using System.ComponentModel.DataAnnotations;
using Confluent.Kafka;

namespace StreamScorer.Consume;

/// <summary>What is read, how much of it is held in memory, and how large a micro-batch grows.</summary>
internal sealed record ConsumeOptions : IValidatableObject
{
    /// <summary>Topic the posts are read from. (default: posts)</summary>
    [Required]
    public string Topic { get; init; } = "posts";

    /// <summary>Where a group without committed offsets starts: Earliest scores what is there, Latest only what comes. (default: Earliest)</summary>
    public StartAt StartAt { get; init; } = StartAt.Earliest;

    /// <summary>
    /// How the group shares out partitions. CooperativeSticky moves only those that must move and the others go on. Range and RoundRobin take all
    /// from everybody at every change; for groups whose other workers still use them. All workers of a group need the same. (default: CooperativeSticky)
    /// </summary>
    public PartitionAssignmentStrategy Assignment { get; init; } = PartitionAssignmentStrategy.CooperativeSticky;

    /// <summary>Records held waiting for the model before no more is read; a pause that shows in the metrics once there was no room for a second. More costs memory and makes a revoke drop more read-ahead. (default: 8192)</summary>
    [Range(1, 1_000_000)]
    public int MaxBufferedRecords { get; init; } = 8_192;

    /// <summary>
    /// The same bound in bytes: keys, values and headers. librdkafka holds up to as much again for all partitions together (queued.max.messages.kbytes, 1 to
    /// 64 MiB), and each of the few micro-batches in flight up to MaxBytesPerMicroBatch. Must hold at least one largest record. (default: 67108864)
    /// </summary>
    [Range(65_536, 2_147_483_648)]
    public long MaxBufferedBytes { get; init; } = 64 << 20;

    /// <summary>Most records in one micro-batch. What is in flight is scored again after a crash, so a larger one repeats more. (default: 4096)</summary>
    [Range(1, 65_536)]
    public int MaxRecordsPerMicroBatch { get; init; } = 4_096;

    /// <summary>Most bytes in one micro-batch, keys and values. (default: 8388608)</summary>
    [Range(4_096, 1_073_741_824)]
    public long MaxBytesPerMicroBatch { get; init; } = 8 << 20;

    /// <summary>
    /// Model time a micro-batch should take under a backlog; its size follows the measured speed of the model. Longer groups
    /// posts of equal length better, at the price of latency and of more work in flight. (default: 00:00:00.500)
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:00:30")]
    public TimeSpan TargetMicroBatchDuration { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>As much waits for the model as may wait.</summary>
    public bool IsFull((int Records, long Bytes) waiting) => waiting.Records >= MaxBufferedRecords || waiting.Bytes >= MaxBufferedBytes;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (MaxBytesPerMicroBatch > MaxBufferedBytes)
        {
            yield return new ValidationResult(
                $"{nameof(MaxBytesPerMicroBatch)} ({MaxBytesPerMicroBatch}) must not exceed {nameof(MaxBufferedBytes)} ({MaxBufferedBytes}).",
                [nameof(MaxBytesPerMicroBatch)]);
        }
    }
}

/// <summary>Where a consumer group without committed offsets begins.</summary>
internal enum StartAt
{
    Earliest,
    Latest,
}
