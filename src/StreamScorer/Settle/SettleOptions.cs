using System.ComponentModel.DataAnnotations;

namespace StreamScorer.Settle;

/// <summary>When progress is written back to Kafka.</summary>
internal sealed record SettleOptions
{
    /// <summary>
    /// Time between commits of settled offsets. Shorter repeats less after a crash and asks the broker more often. At a
    /// revoke and at the end a commit is always made. (default: 00:00:00.500)
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan CommitInterval { get; init; } = TimeSpan.FromMilliseconds(500);
}
