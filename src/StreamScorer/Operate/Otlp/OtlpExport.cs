using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Tracer = StreamScorer.Operate.Tracing.Tracer;

namespace StreamScorer.Operate.Otlp;

/// <summary>Pushes what the worker measures to a collector. It has threads of its own and the stream never waits for it; what cannot be sent is dropped.</summary>
internal sealed partial class OtlpExport : IAsyncDisposable
{
    public const string EndpointVariable = "OTEL_EXPORTER_OTLP_ENDPOINT";
    public const string HeadersVariable = "OTEL_EXPORTER_OTLP_HEADERS";

    /// <summary>What the last push may take of a shutdown: with a collector that does not answer it is lost.</summary>
    private static readonly TimeSpan LastPushLimit = TimeSpan.FromSeconds(2);

    private readonly OtlpOptions _options;
    private readonly Uri _endpoint;
    private readonly OtlpReport _report;
    private readonly MeterProvider? _metrics;
    private readonly TracerProvider? _traces;

    private OtlpExport(OtlpOptions options, Uri endpoint, string group, Telemetry telemetry, TimeProvider time, ILogger logger)
    {
        (_options, _endpoint) = (options, endpoint);
        _report = new OtlpReport(endpoint, telemetry, time, logger);
        var protocol = options.Protocol ?? new OtlpExporterOptions().Protocol;
        LogSending(logger, string.Join(" and ", new[] { options.Metrics ? "metrics" : "", options.Traces ? "traces" : "" }.Where(signal => signal.Length > 0)), endpoint, protocol);
        if (options.Metrics)
        {
            _metrics = Sdk.CreateMeterProviderBuilder().SetResourceBuilder(Resource()).AddMetricsOf(telemetry).AddOtlpExporter(Configure).Build();
        }

        if (options.Traces)
        {
            // Which records are traced is decided before their spans begin, so each span that there is goes out.
            Tracer = new Tracer(group, options.SampleRatio, time);
            _traces = Sdk.CreateTracerProviderBuilder().SetResourceBuilder(Resource()).AddSource(Tracer.SourceName).SetSampler(new AlwaysOnSampler())
                .AddOtlpExporter(exporter => Configure(exporter, "traces")).Build();
        }
    }

    /// <summary>Null: nothing is traced.</summary>
    public Tracer? Tracer { get; }

    /// <param name="group">Consumer group, for the spans.</param>
    /// <param name="environment">Variables of the process.</param>
    /// <returns>Null when no endpoint is configured.</returns>
    /// <exception cref="StartupException">The environment asks for what cannot be.</exception>
    public static OtlpExport? Start(OtlpOptions options, string group, Telemetry telemetry, TimeProvider time, ILogger<OtlpExport> logger, Func<string, string?> environment)
        => Endpoint(options, environment) is { } endpoint ? new OtlpExport(options, endpoint, group, telemetry, time, logger) : null;

    /// <param name="environment">Variables of the process.</param>
    /// <returns>Where telemetry is pushed; null when no endpoint is configured.</returns>
    /// <exception cref="StartupException">The environment asks for what cannot be.</exception>
    public static Uri? Endpoint(OtlpOptions options, Func<string, string?> environment)
    {
        var endpoint = options.Endpoint ?? environment(EndpointVariable);
        if (string.IsNullOrWhiteSpace(endpoint))
        {
            return null;
        }

        return OtlpOptions.Fault(endpoint) is { } fault ? throw new StartupException($"{EndpointVariable} {fault} Correct or unset it, or set Otlp:Endpoint.")
            : options.Headers is null && OtlpOptions.HeadersFault(environment(HeadersVariable)) is { } unfit ? throw new StartupException($"{HeadersVariable} {unfit} Correct or unset it, or set Otlp:Headers.")
            : new Uri(endpoint);
    }

    public async ValueTask DisposeAsync()
    {
        var limit = (int)LastPushLimit.TotalMilliseconds;
        await Task.WhenAll(Task.Run(() => _metrics?.Shutdown(limit)), Task.Run(() => _traces?.Shutdown(limit)));
        _report.End();
        _metrics?.Dispose();
        _traces?.Dispose();
        Tracer?.Dispose();
    }

    /// <summary>The environment has the last word, as operators expect of its variables.</summary>
    private static ResourceBuilder Resource() => ResourceBuilder.CreateEmpty()
        .AddService("streamscorer", serviceVersion: Telemetry.Version)
        .AddAttributes([new("host.name", Environment.MachineName)])
        .AddTelemetrySdk()
        .AddEnvironmentVariableDetector();

    private void Configure(OtlpExporterOptions exporter, MetricReaderOptions reader)
    {
        Configure(exporter, "metrics");
        if (_options.MetricsInterval is { } interval)
        {
            reader.PeriodicExportingMetricReaderOptions.ExportIntervalMilliseconds = (int)interval.TotalMilliseconds;
        }
    }

    /// <param name="signal">As it is called in addresses: <c>metrics</c> or <c>traces</c>.</param>
    private void Configure(OtlpExporterOptions exporter, string signal)
    {
        exporter.Protocol = _options.Protocol ?? exporter.Protocol;
        exporter.Endpoint = exporter.Protocol == OtlpExportProtocol.Grpc ? _endpoint : new Uri($"{_endpoint.AbsoluteUri.TrimEnd('/')}/v1/{signal}");
        exporter.Headers = _options.Headers ?? exporter.Headers;
        exporter.TimeoutMilliseconds = (int?)_options.Timeout?.TotalMilliseconds ?? exporter.TimeoutMilliseconds;
        exporter.HttpClientFactory = () => new HttpClient(new OtlpWatch(signal, _report, new SocketsHttpHandler
        {
            AllowAutoRedirect = false, // the headers may hold a secret
            PooledConnectionLifetime = TimeSpan.FromMinutes(5), // a collector that moved is found again
        }))
        {
            Timeout = TimeSpan.FromMilliseconds(exporter.TimeoutMilliseconds),
        };
    }

    /// <summary>At start, when an endpoint is configured.</summary>
    /// <remarks>-</remarks>
    [LoggerMessage(1501, LogLevel.Information, "Pushing {Signals} to {Endpoint} as OTLP ({Protocol}).")]
    private static partial void LogSending(ILogger logger, string signals, Uri endpoint, OtlpExportProtocol protocol);
}
