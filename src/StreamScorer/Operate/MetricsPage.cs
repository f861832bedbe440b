using System.Collections.Frozen;
using System.Diagnostics.Metrics;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace StreamScorer.Operate;

/// <summary>The page at /metrics: asks OpenTelemetry for everything measured and writes it down. Costs nothing between two scrapes.</summary>
internal sealed class MetricsPage : IDisposable
{
    /// <summary>The runtime's own meter.</summary>
    private const string RuntimeMeter = "System.Runtime";

    // Memory, garbage collections, processor time. Of the others, some names and types break Prometheus' rules.
    private static readonly FrozenSet<string> RuntimeInstruments = FrozenSet.Create(
        StringComparer.Ordinal,
        "dotnet.process.memory.working_set", "dotnet.process.cpu.time",
        "dotnet.gc.collections", "dotnet.gc.pause.time", "dotnet.gc.heap.total_allocated",
        "dotnet.gc.last_collection.heap.size", "dotnet.gc.last_collection.memory.committed_size", "dotnet.exceptions");

    // Room for four outcomes of 5,000 partitions; OpenTelemetry's own limit would fold what is over 2,000 into one series.
    private const int MaxSeriesPerMetric = 20_000;

    private readonly Lock _gate = new();
    private readonly Exporter _exporter = new();
    private readonly MeterProvider _provider;

    public MetricsPage(Telemetry telemetry)
    {
        // The provider disposes of it.
        var reader = new BaseExportingMetricReader(_exporter) { TemporalityPreference = MetricReaderTemporalityPreference.Cumulative };
        _provider = Sdk.CreateMeterProviderBuilder()
            .AddMeter(Telemetry.MeterName, RuntimeMeter)
            .AddView(instrument => Configure(instrument, telemetry.Meter))
            .AddReader(reader)
            .Build();
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

    private static MetricStreamConfiguration? Configure(Instrument instrument, Meter own)
        => instrument.Meter == own ? (instrument.IsObservable ? new MetricStreamConfiguration { CardinalityLimit = MaxSeriesPerMetric } : null)
            : instrument.Meter.Name == RuntimeMeter && RuntimeInstruments.Contains(instrument.Name) ? null
            : MetricStreamConfiguration.Drop; // among them those of another Telemetry in the same process

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
