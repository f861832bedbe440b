using System.ComponentModel.DataAnnotations;
using OpenTelemetry.Exporter;

namespace StreamScorer.Operate.Otlp;

/// <summary>
/// Pushes metrics and traces to a collector over OTLP. Where an option is none, OpenTelemetry's own environment variable counts, and then its default; OTEL_SERVICE_NAME,
/// OTEL_RESOURCE_ATTRIBUTES, OTEL_EXPORTER_OTLP_COMPRESSION and OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE count too. OTEL_SDK_DISABLED=true ends all of it, and leaves /metrics empty.
/// </summary>
internal sealed record OtlpOptions : IValidatableObject
{
    /// <summary>
    /// Where a collector listens, http:// or https://: port 4317 by custom for Grpc, 4318 for HttpProtobuf, to which v1/metrics and v1/traces are appended. None:
    /// OTEL_EXPORTER_OTLP_ENDPOINT, and without that nothing is sent. Empty: nothing is sent in any case. A private CA is trusted through SSL_CERT_FILE. (default: none)
    /// </summary>
    public string? Endpoint { get; init; }

    /// <summary>How it is sent. None: OTEL_EXPORTER_OTLP_PROTOCOL, else Grpc. (default: none)</summary>
    public OtlpExportProtocol? Protocol { get; init; }

    /// <summary>
    /// Sent with each request, such as credentials: name=value, separated by commas, a comma in a value as %2C. A secret, better given
    /// as a file, Headers_FILE. None: OTEL_EXPORTER_OTLP_HEADERS. (default: none)
    /// </summary>
    public string? Headers { get; init; }

    /// <summary>Longest time for one request; the stream never waits for it. None: OTEL_EXPORTER_OTLP_TIMEOUT, else 10 s. (default: none)</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:01:00")]
    public TimeSpan? Timeout { get; init; }

    /// <summary>Whether metrics are sent. Off where Prometheus scrapes them, so that they are not stored twice. (default: true)</summary>
    public bool Metrics { get; init; } = true;

    /// <summary>Time between two pushes of the metrics. None: OTEL_METRIC_EXPORT_INTERVAL, else 1 min. (default: none)</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan? MetricsInterval { get; init; }

    /// <summary>
    /// Whether traces are sent: one span for each record that comes with a sampled W3C traceparent, which its outputs then carry on, and one for each micro-batch with such
    /// records. Off: traceparent goes through as it came. Spans that come faster than the collector takes them are dropped (OTEL_BSP_MAX_QUEUE_SIZE). (default: true)
    /// </summary>
    public bool Traces { get; init; } = true;

    /// <summary>
    /// Share of the records without a traceparent that begin a trace of their own, 0 to 1. Records with one always follow its flag. OTEL_TRACES_SAMPLER has no say. (default: 0)
    /// </summary>
    [Range(0.0, 1.0)]
    public double SampleRatio { get; init; }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!string.IsNullOrEmpty(Endpoint) && Fault(Endpoint) is { } fault)
        {
            yield return new ValidationResult($"{nameof(Endpoint)} {fault}", [nameof(Endpoint)]);
        }

        if (HeadersFault(Headers) is { } unfit)
        {
            yield return new ValidationResult($"{nameof(Headers)} {unfit}", [nameof(Headers)]);
        }
    }

    /// <returns>What is wrong with headers, as the end of a sentence and without any of them; null when nothing is.</returns>
    public static string? HeadersFault(string? headers)
    {
        // Asked of the very class that has to take them: what it refuses, the exporter drops together with what it should send, without a word.
        using var request = new HttpRequestMessage();
        foreach (var pair in headers is { Length: > 0 } ? headers.Split(',').Select(header => header.Split('=', 2)) : [])
        {
            try
            {
                request.Headers.Add(pair[0].Trim(), pair.Length == 2 ? Uri.UnescapeDataString(pair[1].Trim()) : throw new FormatException());
            }
            catch (Exception e) when (e is FormatException or ArgumentException or InvalidOperationException)
            {
                return "must be name=value pairs, separated by commas, that HTTP allows as headers of a request.";
            }
        }

        return null;
    }

    /// <returns>What is wrong with an endpoint, as the end of a sentence; null when nothing is.</returns>
    public static string? Fault(string endpoint)
        => !Uri.TryCreate(endpoint, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.Host.Length == 0
            ? "must be the address of a collector, such as http://localhost:4317."
            : uri.UserInfo.Length > 0 ? "must not hold a password: give it in Otlp:Headers."
            : uri.Query.Length > 0 || uri.Fragment.Length > 0 ? "must not have a ? or a # in it."
            : null;
}
