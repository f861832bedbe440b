using System.Collections.Concurrent;
using System.Diagnostics;
using StreamScorer.Operate.Tracing;

namespace StreamScorer.Tests.Operate.Tracing;

/// <summary>Records every span that a tracer of this process begins, and keeps those that have ended.</summary>
internal sealed class CollectedSpans : IDisposable
{
    private readonly ConcurrentQueue<Activity> _ended = new();
    private readonly ActivityListener _listener;

    public CollectedSpans()
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == Tracer.SourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = _ended.Enqueue,
        };
        ActivitySource.AddActivityListener(_listener);
    }

    /// <summary>Of this trace only, because other tests run beside this one.</summary>
    public IReadOnlyList<Activity> Of(ActivityTraceId trace) => [.. _ended.Where(span => span.TraceId == trace)];

    /// <summary>The micro-batches that are linked with a span.</summary>
    public IReadOnlyList<Activity> LinkedWith(ActivitySpanId span) => [.. _ended.Where(ended => ended.OperationName.StartsWith("micro_batch", StringComparison.Ordinal) && ended.Links.Any(link => link.Context.SpanId == span))];

    public void Dispose() => _listener.Dispose();
}
