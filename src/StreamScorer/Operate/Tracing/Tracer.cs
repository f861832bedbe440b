using System.Diagnostics;
using System.Globalization;
using System.Text;
using Confluent.Kafka;

namespace StreamScorer.Operate.Tracing;

/// <summary>
/// Begins spans, by OpenTelemetry's conventions for messaging: one for each record that is traced and one for each micro-batch with such records, linked both ways.
/// Nothing of a key or a value goes into them. Where nothing is traced there is no tracer, and the stages only see that.
/// </summary>
/// <param name="ratio">Share of the records without a traceparent that begin a trace; those with one follow its flag.</param>
internal sealed class Tracer(string group, double ratio, TimeProvider time) : IDisposable
{
    public const string SourceName = "StreamScorer";

    /// <summary>OpenTelemetry's own limit; a record beyond it still names its micro-batch.</summary>
    public const int MaxLinks = 128;

    /// <summary>The longest state that must be passed on; a longer one goes out with the record, and not into the span.</summary>
    private const int MaxState = 512;

    private readonly ActivitySource _source = new(SourceName, Telemetry.Version);

    /// <summary>Begins the spans of a micro-batch that has just been sealed.</summary>
    public void Begin(MicroBatch batch)
    {
        var traces = new List<RecordTrace>();
        foreach (var entry in batch.Entries)
        {
            entry.Trace = Begin(entry.Source);
            if (entry.Trace is { } trace)
            {
                traces.Add(trace);
            }
        }

        if (traces.Count == 0)
        {
            return;
        }

        KeyValuePair<string, object?>[] tags =
        [
            new("messaging.system", "kafka"),
            new("messaging.destination.name", batch.Entries[0].Source.Topic),
            new("messaging.consumer.group.name", group),
            new("messaging.batch.message_count", batch.Entries.Count),
        ];
        var links = traces.Take(MaxLinks).Select(trace => new ActivityLink(trace.Context));
        if (Start($"micro_batch {batch.Entries[0].Source.Topic}", ActivityKind.Internal, default, tags, time.GetUtcNow(), links) is { } span)
        {
            batch.Trace = new BatchTrace(span, time);
            traces.ForEach(trace => trace.LinkTo(span.Context));
        }
    }

    public void Dispose() => _source.Dispose();

    private RecordTrace? Begin(SourceRecord record)
    {
        var isChild = TryParent(record.Headers, out var parent);
        if (isChild ? !parent.IsSampled : ratio == 0 || Random.Shared.NextDouble() >= ratio)
        {
            return null;
        }

        var context = isChild ? new ActivityContext(parent.Trace, parent.Span, ActivityTraceFlags.Recorded, State(record.Headers!), isRemote: true) : default;
        KeyValuePair<string, object?>[] tags =
        [
            new("messaging.system", "kafka"),
            new("messaging.operation.name", "process"),
            new("messaging.operation.type", "process"),
            new("messaging.destination.name", record.Topic),
            new("messaging.destination.partition.id", record.Partition.ToString(CultureInfo.InvariantCulture)),
            new("messaging.kafka.offset", record.Offset),
            new("messaging.consumer.group.name", group),
            new("messaging.message.body.size", record.Value?.Length ?? 0),
        ];
        return Start($"process {record.Topic}", ActivityKind.Consumer, context, tags, DateTimeOffset.FromUnixTimeMilliseconds(record.ConsumedAt)) is { } span
            ? new RecordTrace(span, isChild ? parent.Flags : TraceParent.SampledFlag, isRoot: !isChild, time)
            : null;
    }

    private static bool TryParent(Headers? headers, out TraceParent parent)
    {
        parent = default;
        return headers is not null && headers.TryGetLastBytes(TraceParent.Header, out var value) && TraceParent.TryParse(value, out parent);
    }

    private static string? State(Headers headers)
        => headers.TryGetLastBytes(TraceParent.StateHeader, out var state) && state is { Length: > 0 and <= MaxState } && !state.AsSpan().ContainsAnyExceptInRange((byte)' ', (byte)'~')
            ? Encoding.ASCII.GetString(state)
            : null;

    private Activity? Start(string name, ActivityKind kind, ActivityContext parent, KeyValuePair<string, object?>[] tags, DateTimeOffset start, IEnumerable<ActivityLink>? links = null)
    {
        // Spans live on beyond this call and on other threads; left here, this one would become the parent of whatever comes next.
        Activity.Current = null;
        var span = _source.StartActivity(name, kind, parent, tags, links, start);
        Activity.Current = null;
        return span;
    }
}
