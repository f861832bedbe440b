using System.ComponentModel.DataAnnotations;

namespace StreamScorer;

/// <summary>How the pipeline as a whole stops.</summary>
internal sealed record PipelineOptions
{
    /// <summary>
    /// Time after SIGTERM for what is in flight to be scored, acknowledged and committed. Over it the worker stops with a
    /// non-zero exit code and those records are read again. Must be shorter than the grace period of whoever sends the signal. (default: 00:00:25)
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(25);
}
