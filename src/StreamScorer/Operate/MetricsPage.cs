using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace StreamScorer.Operate;

/// <summary>The page at /metrics: asks OpenTelemetry for everything measured and writes it down. Costs nothing between two scrapes.</summary>
internal sealed class MetricsPage : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Exporter _exporter = new();
    private readonly MeterProvider _provider;

    public MetricsPage(Telemetry telemetry)
    {
        // The provider disposes of it.
        var reader = new BaseExportingMetricReader(_exporter) { TemporalityPreference = MetricReaderTemporalityPreference.Cumulative };
        _provider = Sdk.CreateMeterProviderBuilder().AddMetricsOf(telemetry).AddReader(reader).Build();
    }

    public string Render()
    {
        // Two scrapes at once would share the exporter's last page.
        lock (_gate)
        {
            // The reader sets it; asked directly, the reader of a pull exporter declines.
            _exporter.Collect!(Timeout.Infinite);
            return _exporter.Page;
        }
    }

    public void Dispose() => _provider.Dispose();

    [ExportModes(ExportModes.Pull)]
    private sealed class Exporter : BaseExporter<Metric>, IPullMetricExporter
    {
        public string Page { get; private set; } = "";

        public Func<int, bool>? Collect { get; set; }

        public override ExportResult Export(in Batch<Metric> batch)
        {
            Page = PrometheusText.Write(batch);
            return ExportResult.Success;
        }
    }
}
