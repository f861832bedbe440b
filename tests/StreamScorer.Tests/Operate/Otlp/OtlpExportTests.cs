using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Exporter;
using StreamScorer.Operate;
using StreamScorer.Operate.Otlp;
using StreamScorer.Shared.Contracts;

namespace StreamScorer.Tests.Operate.Otlp;

public sealed class OtlpExportTests : IDisposable
{
    private readonly Telemetry _telemetry = new(TimeProvider.System);
    private readonly ListLogger<OtlpExport> _logger = new();

    public void Dispose() => _telemetry.Dispose();

    [Theory]
    [InlineData(OtlpExportProtocol.Grpc, "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export")]
    [InlineData(OtlpExportProtocol.HttpProtobuf, "/v1/metrics")]
    public async Task Export_ShouldPushWhatIsMeasured_WithTheLastPushAtTheEnd(OtlpExportProtocol protocol, string path)
    {
        await using var receiver = await OtlpReceiver.StartAsync(protocol);
        await using (Start(new OtlpOptions { Endpoint = receiver.Url, Protocol = protocol, Headers = "authorization=Bearer%20abc,x-tenant=t1" }))
        {
            _telemetry.Scored("posts", 3, Decision.Flag);
            _telemetry.PostAge(Decision.Flag, 12);
        }

        var push = await receiver.NextAsync();
        var metrics = push.Body.Metrics();
        var flags = metrics["streamscorer.decisions"].One(7).All(1).Single(point => point.Attributes(7)["decision"] == "flag");
        var age = metrics["streamscorer.post.age"].One(9).One(1);

        Assert.Equal(path, push.Path);
        Assert.Equal(("Bearer abc", "t1"), (push.Headers["authorization"], push.Headers["x-tenant"]));
        Assert.Equal(1UL, flags.Number(6));
        Assert.Equal((1UL, 12.0), (age.Number(4), BitConverter.UInt64BitsToDouble(age.Number(5))));
        Assert.Equal("{record}", metrics["streamscorer.decisions"].Text(3));
        Assert.True(metrics.ContainsKey("dotnet.gc.collections"));
        Assert.Equal(("streamscorer", Telemetry.Version), (push.Body.Resource()["service.name"], push.Body.Resource()["service.version"]));
        Assert.DoesNotContain(_logger.Lines, line => line.Level >= LogLevel.Warning);
        Assert.DoesNotContain(_logger.Lines, line => line.Message.Contains("abc", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Export_ShouldPushAgainAndAgain()
    {
        await using var receiver = await OtlpReceiver.StartAsync(OtlpExportProtocol.HttpProtobuf);
        await using var export = Start(new OtlpOptions { Endpoint = receiver.Url, Protocol = OtlpExportProtocol.HttpProtobuf, MetricsInterval = TimeSpan.FromSeconds(1) });

        await receiver.NextAsync();
        await receiver.NextAsync();
    }

    [Theory]
    [InlineData(OtlpExportProtocol.Grpc, 16, "credentials (gRPC status 16)")]
    [InlineData(OtlpExportProtocol.Grpc, 12, "gRPC status 12")]
    [InlineData(OtlpExportProtocol.HttpProtobuf, 401, "credentials (HTTP 401)")]
    [InlineData(OtlpExportProtocol.HttpProtobuf, 404, "HTTP 404")]
    public async Task Export_ShouldSayWhy_WhenTheCollectorRefuses(OtlpExportProtocol protocol, int refusal, string why)
    {
        await using var receiver = await OtlpReceiver.StartAsync(protocol);
        receiver.Refusal = refusal;

        await Start(new OtlpOptions { Endpoint = receiver.Url, Protocol = protocol }).DisposeAsync();

        var (id, level, message) = _logger.Lines[^1];
        Assert.Equal((1502, LogLevel.Warning), (id, level));
        Assert.Contains(why, message, StringComparison.Ordinal);
        Assert.Equal(1, Failures());
    }

    [Theory]
    [InlineData(OtlpExportProtocol.Grpc)]
    [InlineData(OtlpExportProtocol.HttpProtobuf)]
    public async Task Export_ShouldSayThatNobodyListens_WhenTheEndpointIsDown(OtlpExportProtocol protocol)
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var url = $"http://{taken.LocalEndpoint}";
        taken.Stop();

        await Start(new OtlpOptions { Endpoint = url, Protocol = protocol }).DisposeAsync();

        Assert.Contains("refused", _logger.Lines[^1].Message, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("Otlp:Endpoint", _logger.Lines[^1].Message, StringComparison.Ordinal);
        Assert.Equal(1, Failures());
    }

    [Fact]
    public async Task Export_ShouldNameTheProtocol_WhenThePortSpeaksAnother()
    {
        await using var receiver = await OtlpReceiver.StartAsync(OtlpExportProtocol.HttpProtobuf);

        await Start(new OtlpOptions { Endpoint = receiver.Url, Protocol = OtlpExportProtocol.Grpc }).DisposeAsync();

        Assert.Contains("Otlp:Protocol", _logger.Lines[^1].Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(OtlpExportProtocol.Grpc)]
    [InlineData(OtlpExportProtocol.HttpProtobuf)]
    public async Task DisposeAsync_ShouldNotWaitForACollectorThatDoesNotAnswer(OtlpExportProtocol protocol)
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var export = Start(new OtlpOptions { Endpoint = $"http://{silent.LocalEndpoint}", Protocol = protocol, Timeout = TimeSpan.FromSeconds(30) });
        var started = Stopwatch.GetTimestamp();

        await export.DisposeAsync();

        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.Zero, TimeSpan.FromSeconds(10)); // 2 s on a machine that is not busy
    }

    [Theory]
    [InlineData(null, null, false)]
    [InlineData("", "http://127.0.0.1:1", false)]
    [InlineData(null, "http://127.0.0.1:1", true)]
    [InlineData("http://127.0.0.1:1", null, true)]
    public async Task Start_ShouldExportOnly_WhenAnEndpointIsGiven(string? option, string? variable, bool expected)
    {
        await using var export = OtlpExport.Start(
            new OtlpOptions { Endpoint = option, Metrics = false }, "group", _telemetry, TimeProvider.System, _logger, name => name == OtlpExport.EndpointVariable ? variable : null);

        Assert.Equal(expected, export is not null);
    }

    [Fact]
    public void Start_ShouldNameTheVariable_WhenItIsNoAddress()
    {
        var e = Assert.Throws<StartupException>(() => OtlpExport.Start(new OtlpOptions(), "group", _telemetry, TimeProvider.System, _logger, _ => "collector:4317"));

        Assert.StartsWith("OTEL_EXPORTER_OTLP_ENDPOINT must be the address of a collector", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("secret")]
    [InlineData("a b=secret")]
    public void Endpoint_ShouldNameTheVariable_WhenItHoldsNoHeaders(string headers)
    {
        var options = new OtlpOptions { Endpoint = "http://127.0.0.1:1" };

        var e = Assert.Throws<StartupException>(() => OtlpExport.Endpoint(options, name => name == OtlpExport.HeadersVariable ? headers : null));

        Assert.StartsWith("OTEL_EXPORTER_OTLP_HEADERS must be name=value pairs", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", e.Message, StringComparison.Ordinal);
        Assert.NotNull(OtlpExport.Endpoint(options with { Headers = "a=b" }, _ => headers));
    }

    private OtlpExport Start(OtlpOptions options) => OtlpExport.Start(options, "group", _telemetry, TimeProvider.System, _logger, _ => null)!;

    private int Failures()
    {
        using var page = new MetricsPage(_telemetry);
        return int.Parse(page.Render().Split('\n').Single(line => line.StartsWith("streamscorer_otlp_failures_total{signal=\"metrics\"}", StringComparison.Ordinal)).Split(' ')[1]);
    }
}
