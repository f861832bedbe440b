using System.Collections.Frozen;
using System.Diagnostics.Metrics;
using OpenTelemetry.Metrics;

namespace StreamScorer.Operate;

/// <summary>Which metrics leave the process, the same for everybody who reads them.</summary>
internal static class MetricSelection
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

    public static MeterProviderBuilder AddMetricsOf(this MeterProviderBuilder builder, Telemetry telemetry)
        => builder.AddMeter(Telemetry.MeterName, RuntimeMeter).AddView(instrument => Configure(instrument, telemetry.Meter));

    private static MetricStreamConfiguration? Configure(Instrument instrument, Meter own)
        => instrument.Meter == own ? (instrument.IsObservable ? new MetricStreamConfiguration { CardinalityLimit = MaxSeriesPerMetric } : null)
            : instrument.Meter.Name == RuntimeMeter && RuntimeInstruments.Contains(instrument.Name) ? null
            : MetricStreamConfiguration.Drop; // among them those of another Telemetry in the same process
}
