using System.Diagnostics;

namespace StreamScorer.Operate.Tracing;

/// <summary>The span of one micro-batch that holds traced records, a trace of its own, with a child for each step.</summary>
internal sealed class BatchTrace(Activity span, TimeProvider time)
{
    /// <summary>The step has just ended.</summary>
    /// <param name="started">When it began, on the monotonic clock.</param>
    public void Step(string step, long started)
    {
        var end = time.GetUtcNow();
        using var child = span.Source.StartActivity(step, ActivityKind.Internal, span.Context, startTime: end - time.GetElapsedTime(started));
        child?.SetEndTime(end.UtcDateTime);
    }

    /// <param name="isVoid">It, or the transaction that it was in, was given up: its records are read again.</param>
    public void End(bool isVoid = false)
    {
        if (isVoid)
        {
            span.SetTag("streamscorer.outcome", "voided").SetStatus(ActivityStatusCode.Error, "voided");
        }

        span.SetEndTime(time.GetUtcNow().UtcDateTime);
        span.Stop();
    }
}
