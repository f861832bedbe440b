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

    // OpenTelemetry makes room for all series of a metric at its start, 90 bytes each, and folds what is over the limit into one.
    private const int Partitions = 5_000;
    private const int Labels = 4_000;
    private const int FixedValues = 100;

    public static MeterProviderBuilder AddMetricsOf(this MeterProviderBuilder builder, Telemetry telemetry)
        => builder.AddMeter(Telemetry.MeterName, RuntimeMeter).AddView(instrument => Configure(instrument, telemetry.Meter));

    private static MetricStreamConfiguration Configure(Instrument instrument, Meter own)
        => instrument.Meter == own || (instrument.Meter.Name == RuntimeMeter && RuntimeInstruments.Contains(instrument.Name))
            ? new MetricStreamConfiguration { CardinalityLimit = MostSeries(instrument.Name) }
            : MetricStreamConfiguration.Drop; // among them those of another Telemetry in the same process

    private static int MostSeries(string instrument) => instrument switch
    {
        "streamscorer.records" => 4 * Partitions, // outcomes
        "streamscorer.records.consumed" or "streamscorer.consumer.lag_records" => Partitions,
        "streamscorer.flags" or "streamscorer.threshold_crossings" => Labels,
        _ => FixedValues,
    };
}
