using OpenTelemetry.Exporter;
using StreamScorer.Tests.Kafka;
using StreamScorer.Tests.Operate.Otlp;

namespace StreamScorer.Tests.EndToEnd;

public sealed class OtlpWorkerTests
{
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
