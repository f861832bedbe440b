using System.ComponentModel.DataAnnotations;

namespace StreamScorer.Operate;

/// <summary>Whether the console page shows what posts say.</summary>
internal enum TextDisplay
{
    Hidden,
    Masked,
    Shown,
}

/// <summary>How events are written.</summary>
internal enum LogFormat
{
    Console,
    Json,
}

/// <summary>Metrics, health and the console page over HTTP, and the log.</summary>
internal sealed record OperateOptions : IValidatableObject
{
    /// <summary>Off: no port is opened, and neither Prometheus nor an orchestrator can see the worker. (default: true)</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>
    /// Where the console page, /metrics, /health/live and /health/ready answer: http://ADDRESS:PORT, port 0 for any free one. There is no
    /// encryption, and everybody who reaches the address reads health and, unless GuardMetrics is on, metrics. 0.0.0.0 opens
    /// it to the network, as a container needs. (default: http://127.0.0.1:9464)
    /// </summary>
    [Required]
    public string Url { get; init; } = "http://127.0.0.1:9464";

    /// <summary>The console page at /. Off: metrics and health only. (default: true)</summary>
    public bool Page { get; init; } = true;

    /// <summary>
    /// What the page shows of flagged posts and dead letters: Hidden their ids and lengths, Masked the first letter of each word, Shown their texts, to
    /// everybody who reaches the address. (default: Hidden)
    /// </summary>
    public TextDisplay Texts { get; init; }

    /// <summary>Browsers that may watch the page at once; more get 503 and try again. Each costs one small message a second. (default: 16)</summary>
    [Range(1, 1_000)]
    public int EventStreams { get; init; } = 16;

    /// <summary>
    /// The key that everything but health and metrics asks for, as Authorization: Bearer KEY or X-Api-Key: KEY; at least 16
    /// characters (openssl rand -hex 32 makes one). Without a key these pages are served to this machine only, whatever the
    /// address. Better given as a file, ApiKey_FILE. (default: none)
    /// </summary>
    public string? ApiKey { get; init; }

    /// <summary>Whether /metrics asks for the key too; Prometheus sends it with authorization: credentials_file. (default: false)</summary>
    public bool GuardMetrics { get; init; }

    /// <summary>
    /// A loop with work that has not turned for so long makes /health/live fail, so that an orchestrator restarts the
    /// worker. Must be longer than the slowest micro-batch. (default: 00:01:00)
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan LoopLimit { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>A model call without an answer for so long makes /health/ready fail. (default: 00:00:30)</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan DeviceLimit { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How events are written to standard error: Console as text, Json as one JSON object a line, with the number of the event
    /// (docs/events.md), its level, and each value of the message by its name. (default: Console)
    /// </summary>
    public LogFormat LogFormat { get; init; }

    /// <summary>Time between two lines of status in the log: rate, age, flags, dead letters, lag. Zero: none. (default: 00:01:00)</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan StatusInterval { get; init; } = TimeSpan.FromMinutes(1);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!ListenAddress.TryParse(Url, out _, out var fault))
        {
            yield return new ValidationResult($"{nameof(Url)} must be http://ADDRESS:PORT, such as http://127.0.0.1:9464: {fault}", [nameof(Url)]);
        }

        if (ApiKey is not null && (ApiKey.Length < 16 || ApiKey.Any(c => c is <= ' ' or > '~')))
        {
            yield return new ValidationResult($"{nameof(ApiKey)} must have at least 16 characters, without spaces and all of them ASCII: openssl rand -hex 32 makes one.", [nameof(ApiKey)]);
        }

        if (GuardMetrics && ApiKey is null)
        {
            yield return new ValidationResult($"{nameof(GuardMetrics)} needs {nameof(ApiKey)}: without a key nobody could read the metrics.", [nameof(GuardMetrics)]);
        }
    }
}
