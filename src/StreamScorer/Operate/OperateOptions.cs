using System.ComponentModel.DataAnnotations;

namespace StreamScorer.Operate;

/// <summary>Metrics and health over HTTP.</summary>
internal sealed record OperateOptions : IValidatableObject
{
    /// <summary>Off: no port is opened, and neither Prometheus nor an orchestrator can see the worker. (default: true)</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>
    /// Where /metrics, /health/live and /health/ready answer: http://ADDRESS:PORT, port 0 for any free one. There is no
    /// password and no encryption: everybody who reaches the address reads the metrics. 0.0.0.0 opens it to the network,
    /// as a container needs. (default: http://127.0.0.1:9464)
    /// </summary>
    [Required]
    public string Url { get; init; } = "http://127.0.0.1:9464";

    /// <summary>
    /// A loop with work that has not turned for so long makes /health/live fail, so that an orchestrator restarts the
    /// worker. Must be longer than the slowest micro-batch. (default: 00:01:00)
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan LoopLimit { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>A model call without an answer for so long makes /health/ready fail. (default: 00:00:30)</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan DeviceLimit { get; init; } = TimeSpan.FromSeconds(30);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (ListenAddress.TryParse(Url, out _, out var fault))
        {
            yield break;
        }

        yield return new ValidationResult($"{nameof(Url)} must be http://ADDRESS:PORT, such as http://127.0.0.1:9464: {fault}", [nameof(Url)]);
    }
}
