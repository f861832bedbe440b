using System.Diagnostics;
using Confluent.Kafka;

namespace StreamScorer.Operate.Tracing;

/// <summary>The span of one record, from consumed to its acknowledged outcome. Records that nobody traces have none.</summary>
internal sealed class RecordTrace(Activity span, byte flags, bool isRoot, TimeProvider time)
{
    private readonly byte[] _header = new TraceParent(span.TraceId, span.SpanId, flags).ToBytes();

    public ActivityContext Context => span.Context;

    public void LinkTo(ActivityContext batch) => span.AddLink(new ActivityLink(batch));

    /// <summary>The headers that go out: all as they came, in their order, but for <c>traceparent</c>, which names this span.</summary>
    public Headers Continue(Headers? incoming)
    {
        var headers = new Headers();
        var isThere = false;
        foreach (var header in incoming ?? [])
        {
            if (header.Key == TraceParent.Header)
            {
                headers.Add(header.Key, _header);
                isThere = true;
            }
            else if (!isRoot || header.Key != TraceParent.StateHeader) // the state of another trace means nothing in ours
            {
                headers.Add(header.Key, header.GetValueBytes());
            }
        }

        if (!isThere)
        {
            headers.Add(TraceParent.Header, _header);
        }

        return headers;
    }

    public void End(Entry entry)
    {
        if (entry.Reject is { } reject)
        {
            var reason = Telemetry.NameOf(reject.Reason);
            span.SetTag("streamscorer.outcome", "dead_lettered").SetTag("error.type", reason).SetStatus(ActivityStatusCode.Error, reason);
        }
        else if (entry.Verdict is { } verdict)
        {
            span.SetTag("streamscorer.outcome", "scored").SetTag("streamscorer.decision", Telemetry.NameOf(verdict.Decision));
        }
        else
        {
            span.SetTag("streamscorer.outcome", "filtered");
        }

        End();
    }

    /// <summary>Given up before it had an outcome; whoever reads the record again begins another span.</summary>
    public void Void()
    {
        span.SetTag("streamscorer.outcome", "voided");
        End();
    }

    private void End()
    {
        span.SetEndTime(time.GetUtcNow().UtcDateTime);
        span.Stop();
    }
}
