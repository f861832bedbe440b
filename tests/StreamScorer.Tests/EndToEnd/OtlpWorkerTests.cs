using System.Diagnostics;
using System.Text;
using Confluent.Kafka;
using OpenTelemetry.Exporter;
using StreamScorer.Operate.Otlp;
using StreamScorer.Operate.Tracing;
using StreamScorer.Tests.Kafka;
using StreamScorer.Tests.Operate.Otlp;

namespace StreamScorer.Tests.EndToEnd;

public sealed class OtlpWorkerTests
{
    private const string Marker = "zqxmarker";

    [Fact]
    public async Task Worker_ShouldCarryATraceOn_FromTheRecordThroughTheSpansIntoItsOutputs()
    {
        await using var receiver = await OtlpReceiver.StartAsync(OtlpExportProtocol.Grpc);
        using var kafka = new EmbeddedKafka();
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
        var pushes = await CollectAsync(receiver, spans => spans.Any(span => span.Text(5) == "compose"));
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
            ["decode", "encode", "group", "infer", "judge", "compose", "publish"],
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

    private static async Task<IReadOnlyList<OtlpPush>> CollectAsync(OtlpReceiver receiver, Predicate<IEnumerable<ProtoMessage>> enough)
    {
        var pushes = new List<OtlpPush>();
        do
        {
            pushes.Add(await receiver.NextAsync());
        }
        while (!enough(pushes.SelectMany(push => push.Body.Spans())));

        return pushes;
    }

    /// <summary>A process of its own, because variables are of the whole process.</summary>
    [Fact]
    public async Task Run_ShouldHeedTheStandardVariables()
    {
        await using var receiver = await OtlpReceiver.StartAsync(OtlpExportProtocol.HttpProtobuf);
        using var kafka = new EmbeddedKafka();
        var harness = await WorkerHarness.CreateAsync(kafka);
        await kafka.ProduceAsync(harness.Input, [WorkerHarness.Post("a", "1", "hello")]);
        using var worker = WorkerProgram.Start(
            ["run", .. harness.Sets, "--set", $"Model:Bundle={Repository.DefaultBundle}"],
            ("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.Url),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20abc"),
            ("OTEL_METRIC_EXPORT_INTERVAL", "200"),
            ("OTEL_SERVICE_NAME", "moderation"),
            ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test"));
        var (output, errors) = (worker.StandardOutput.ReadToEndAsync(), worker.StandardError.ReadToEndAsync());
        try
        {
            var arrived = receiver.NextAsync(push => push.Path == "/v1/metrics" && push.Body.Metrics().GetValueOrDefault("streamscorer.records.consumed")?.One(7).All(1).Sum(point => (long)point.Number(6)) == 1);
            await Task.WhenAny(arrived, worker.WaitForExitAsync());
            Assert.False(worker.HasExited);

            var push = await arrived;
            Assert.Equal("Bearer abc", push.Headers["authorization"]);
            Assert.Equal(("moderation", "test"), (push.Body.Resource()["service.name"], push.Body.Resource()["deployment.environment.name"]));
        }
        finally
        {
            worker.Kill();
            TestContext.Current.TestOutputHelper!.WriteLine(await output + await errors);
        }
    }
}
