using System.Diagnostics;
using System.Text;
using Confluent.Kafka;
using OpenTelemetry.Exporter;
using StreamScorer.Operate.Otlp;
using StreamScorer.Operate.Tracing;
using StreamScorer.Tests.Kafka;
using StreamScorer.Tests.Operate.Otlp;

namespace StreamScorer.Tests.EndToEnd;

/// <summary>A trace from a record through the worker into its outputs.</summary>
public abstract class TraceTests
{
    private const string Marker = "zqxmarker";

    internal abstract Task<TestKafka> KafkaAsync();

    [Fact]
    public async Task Worker_ShouldCarryATraceOn_FromTheRecordThroughTheSpansIntoItsOutputs()
    {
        await using var receiver = await OtlpReceiver.StartAsync(OtlpExportProtocol.Grpc);
        var kafka = await KafkaAsync();
        var harness = await WorkerHarness.CreateAsync(kafka, partitions: 1);
        var (traced, alone) = (NewParent(0x01), NewParent(0x00));
        await kafka.ProduceAsync(harness.Input,
        [
            With(traced, WorkerHarness.Post("a", "1", $"a {Marker} post")), With(traced, WorkerHarness.Raw("a", $"{Marker} is not JSON")),
            With(alone, WorkerHarness.Post("a", "2", "hello")),
        ]);
        var settings = harness.Settings with { Otlp = new OtlpOptions { Endpoint = receiver.Url, Protocol = OtlpExportProtocol.Grpc, Metrics = false } };

        await (harness with { Settings = settings }).RunUntilAsync(scored: 2, deadLetters: 1);

        var scored = await kafka.ReadAsync(harness.Scored, 2);
        var (first, letter, second) = (Parent(scored[0]), Parent((await kafka.ReadAsync(harness.DeadLetters, 1))[0]), Parent(scored[1]));
        var pushes = receiver.Received(); // all there is: the worker has ended, and with it its last push
        var spans = pushes.SelectMany(push => push.Body.Spans()).ToList();
        var records = spans.Where(span => span.Text(5) == $"process {harness.Input}").ToDictionary(span => span.Hex(2));
        Assert.Equal(alone, second);
        Assert.Equal((traced.Trace, traced.Trace), (first.Trace, letter.Trace));
        Assert.Equal(new[] { first, letter }.Select(parent => parent.Span.ToHexString()).Order(), records.Keys.Order());
        Assert.All(records.Values, span => Assert.Equal((traced.Trace.ToHexString(), traced.Span.ToHexString()), (span.Hex(1), span.Hex(4))));
        Assert.Equal(["scored", "dead_lettered"], new[] { first, letter }.Select(parent => records[parent.Span.ToHexString()].Attributes(9)["streamscorer.outcome"]));
        var batches = spans.Where(span => span.Text(5) == $"micro_batch {harness.Input}").ToList();
        Assert.Equal(records.Keys.Order(), batches.SelectMany(span => span.All(13)).Select(link => link.Hex(2)).Order());
        Assert.All(batches, batch => Assert.Equal(
            ["decode", "encode", "group", "infer", "judge", "compose", "publish", .. kafka.HasTransactions ? new[] { "settle" } : []],
            spans.Where(span => span.Hex(4) == batch.Hex(2)).OrderBy(span => span.Number(8)).Select(span => span.Text(5))));
        Assert.DoesNotContain(pushes, push => Encoding.Latin1.GetString(push.Raw).Contains(Marker, StringComparison.Ordinal));
    }

    private static TraceParent NewParent(byte flags) => new(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), flags);

    private static Message<byte[]?, byte[]?> With(TraceParent parent, Message<byte[]?, byte[]?> message)
    {
        message.Headers = [new Header(TraceParent.Header, parent.ToBytes())];
        return message;
    }

    private static TraceParent Parent(ConsumeResult<byte[]?, byte[]?> record)
        => TraceParent.TryParse(record.Message.Headers.GetLastBytes(TraceParent.Header), out var parent) ? parent : throw new FormatException("The outgoing traceparent is malformed.");
}

public sealed class EmbeddedTraceTests : TraceTests, IDisposable
{
    private readonly EmbeddedKafka _kafka = new();

    public void Dispose() => _kafka.Dispose();

    internal override Task<TestKafka> KafkaAsync() => Task.FromResult<TestKafka>(_kafka);
}

public sealed class RealKafkaTraceTests(RealKafkaFixture kafka) : TraceTests
{
    internal override async Task<TestKafka> KafkaAsync() => await kafka.GetAsync();
}
