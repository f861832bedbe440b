using System.Diagnostics;
using System.Text;
using Confluent.Kafka;
using StreamScorer.Operate.Tracing;
using StreamScorer.Publish;
using StreamScorer.Shared.Contracts;
using StreamScorer.Shared.Judge;

namespace StreamScorer.Tests.Operate.Tracing;

public sealed class TracerTests : IDisposable
{
    private static readonly Verdict Flag = new(new Dictionary<string, HeadScore>(), ["hate"], Decision.Flag, [], "1");

    private readonly CollectedSpans _spans = new();
    private readonly Tracer _tracer = new("moderators", ratio: 0, TimeProvider.System);
    private readonly ActivityTraceId _trace = ActivityTraceId.CreateRandom();
    private readonly ActivitySpanId _parent = ActivitySpanId.CreateRandom();

    public void Dispose()
    {
        _tracer.Dispose();
        _spans.Dispose();
    }

    [Fact]
    public void Begin_ShouldGiveTheRecordASpanBelowItsParent_ByTheConventionsForMessaging()
    {
        var batch = Records.Batch(Traced() with { Partition = 3, Offset = 1842 });
        _tracer.Begin(batch);
        var entry = batch.Entries[0];
        (entry.Post, entry.Verdict) = (new Post("1", "a text"u8.ToArray()), Flag);
        entry.Trace!.End(entry);

        var span = Assert.Single(_spans.Of(_trace));
        Assert.Equal(("process posts", ActivityKind.Consumer, _parent), (span.OperationName, span.Kind, span.ParentSpanId));
        Assert.Equal(("kafka", "process", "posts", "3", "moderators"), (
            Tag(span, "messaging.system"), Tag(span, "messaging.operation.type"), Tag(span, "messaging.destination.name"), Tag(span, "messaging.destination.partition.id"), Tag(span, "messaging.consumer.group.name")));
        Assert.Equal(("1842", "scored", "flag"), (Tag(span, "messaging.kafka.offset"), Tag(span, "streamscorer.outcome"), Tag(span, "streamscorer.decision")));
        Assert.Equal(Records.One.ConsumedAt, new DateTimeOffset(span.StartTimeUtc).ToUnixTimeMilliseconds());
        Assert.Null(Activity.Current);
    }

    [Fact]
    public void Begin_ShouldLinkRecordsAndMicroBatchBothWays_WithSpansForItsSteps()
    {
        var batch = Records.Batch(Traced(), Records.One);
        _tracer.Begin(batch);
        batch.Trace!.Step("decode", Stopwatch.GetTimestamp());
        batch.Trace.End();
        batch.Entries[0].Trace!.End(batch.Entries[0]);

        var record = Assert.Single(_spans.Of(_trace));
        var micro = Assert.Single(_spans.LinkedWith(record.SpanId));
        var step = Assert.Single(_spans.Of(micro.TraceId), span => span != micro);
        Assert.Equal(("micro_batch posts", "2"), (micro.OperationName, Tag(micro, "messaging.batch.message_count")));
        Assert.Equal(("decode", micro.SpanId), (step.OperationName, step.ParentSpanId));
        Assert.Equal(micro.SpanId, Assert.Single(record.Links).Context.SpanId);
        Assert.Null(batch.Entries[1].Trace);
    }

    [Fact]
    public void Begin_ShouldBoundItsLinks()
    {
        var batch = Records.Batch([.. Enumerable.Range(0, Tracer.MaxLinks + 5).Select(_ => Traced())]);
        _tracer.Begin(batch);
        batch.Trace!.End();

        var micro = Assert.Single(_spans.LinkedWith(batch.Entries[0].Trace!.Context.SpanId));
        Assert.Equal(Tracer.MaxLinks, micro.Links.Count());
    }

    [Theory]
    [InlineData("00")]
    [InlineData("nonsense")]
    [InlineData(null)]
    public void Begin_ShouldTraceNothing_WhenNobodyDoes(string? flags)
    {
        var batch = Records.Batch(Records.One with { Headers = flags is null ? null : [Header(TraceParent.Header, $"00-{_trace}-{_parent}-{flags}")] });

        _tracer.Begin(batch);

        Assert.Null(batch.Trace);
        Assert.Null(batch.Entries[0].Trace);
    }

    [Fact]
    public void Begin_ShouldBeginATrace_ForTheConfiguredShareOfTheOthers()
    {
        using var always = new Tracer("moderators", ratio: 1, TimeProvider.System);
        var batch = Records.Batch(Records.One, Records.One with { Headers = [Header(TraceParent.Header, "nonsense"), Header("tracestate", "a=b")] }, Traced("00"));
        always.Begin(batch);

        Assert.NotNull(batch.Entries[0].Trace);
        Assert.Null(batch.Entries[2].Trace); // it has a parent, and that one said no
        var headers = batch.Entries[1].Trace!.Continue(batch.Entries[1].Source.Headers);
        Assert.Equal(batch.Entries[1].Trace!.Context.TraceId, Parent(headers).Trace);
        Assert.False(headers.TryGetLastBytes("tracestate", out _)); // it was another trace's
    }

    [Fact]
    public void Outcomes_ShouldCarryTheSpanOn_AndAllElseAsItCame()
    {
        Headers headers = [new Header("a", [1]), Header(TraceParent.Header, $"00-{_trace}-{_parent}-03"), Header("tracestate", "vendor=x"), new Header("a", null)];
        var batch = Records.Batch(Records.One with { Headers = headers }, Records.One with { Headers = headers }, Records.One with { Headers = headers, Value = null });
        _tracer.Begin(batch);
        (batch.Entries[0].Post, batch.Entries[0].Verdict) = (new Post("1", default), Flag);
        batch.Entries[1].Reject = new Reject(RejectReason.NotJson, "m");

        var sent = batch.Entries.Select(entry => (entry, Records.Outcomes().Of(entry))).ToList();

        Assert.Equal([2, 1, 2], sent.Select(pair => pair.Item2.Count));
        foreach (var (entry, message) in sent.SelectMany(pair => pair.Item2.Select(outgoing => (pair.entry, outgoing.Message))))
        {
            Assert.Equal($"00-{_trace}-{entry.Trace!.Context.SpanId}-03", Parent(message.Headers).ToString());
            Assert.Equal(["a", "traceparent", "tracestate", "a"], message.Headers.Take(4).Select(header => header.Key));
            Assert.Equal([1], message.Headers[0].GetValueBytes());
            Assert.Equal("vendor=x", Encoding.ASCII.GetString(message.Headers[2].GetValueBytes()));
            Assert.Equal((entry.Source.Key, entry.Reject is null), (message.Key, message.Headers.Count == 4));
        }

        Assert.Same(batch.Entries[1].Source.Value, sent[1].Item2[0].Message.Value);
        Assert.Equal($"00-{_trace}-{_parent}-03", Parent(headers).ToString()); // the incoming ones are not touched
    }

    /// <summary>What comes in goes out: the same object, so nothing is made or copied for a record that is not traced.</summary>
    [Fact]
    public void Outcomes_ShouldPassHeadersThrough_WhenTheRecordIsNotTraced()
    {
        var source = Traced();
        var entry = new Entry(source) { Post = new Post("1", default), Verdict = Flag };

        Assert.All(Records.Outcomes().Of(entry), outgoing => Assert.Same(source.Headers, outgoing.Message.Headers));
    }

    [Theory]
    [InlineData(true, "dead_lettered")]
    [InlineData(false, "voided")]
    public void Spans_ShouldTellWhatBecameOfARecord_AndNothingOfItsText(bool settled, string outcome)
    {
        var batch = Records.Batch(Traced() with { Key = "secret key"u8.ToArray(), Value = "secret text"u8.ToArray() });
        _tracer.Begin(batch);
        var entry = batch.Entries[0];
        entry.Reject = new Reject(RejectReason.NotJson, "the message says secret");
        if (settled)
        {
            entry.Trace!.End(entry);
        }
        else
        {
            entry.Trace!.Void();
        }

        var span = Assert.Single(_spans.Of(_trace));
        Assert.Equal(outcome, Tag(span, "streamscorer.outcome"));
        Assert.Equal(settled ? ("not_json", ActivityStatusCode.Error) : ("", ActivityStatusCode.Unset), (Tag(span, "error.type"), span.Status));
        Assert.DoesNotContain("secret", string.Join(' ', span.TagObjects) + span.StatusDescription + span.OperationName, StringComparison.Ordinal);
    }

    private SourceRecord Traced(string flags = "01") => Records.One with { Headers = [Header(TraceParent.Header, $"00-{_trace}-{_parent}-{flags}")] };

    private static Header Header(string name, string value) => new(name, Encoding.ASCII.GetBytes(value));

    private static TraceParent Parent(Headers headers)
        => TraceParent.TryParse(headers.GetLastBytes(TraceParent.Header), out var parent) ? parent : throw new FormatException("The outgoing traceparent is malformed.");

    private static string Tag(Activity span, string name) => $"{span.GetTagItem(name)}";
}
