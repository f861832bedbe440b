using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using StreamScorer.Operate;

namespace StreamScorer.Tests.Operate;

public sealed class OperateEndpointTests : IAsyncLifetime
{
    private readonly Telemetry _telemetry = new(TimeProvider.System);
    private readonly HealthState _health = new(new OperateOptions(), TimeProvider.System);
    private readonly HttpClient _client = new() { Timeout = TimeSpan.FromSeconds(30) };
    private OperateEndpoint _endpoint = null!;

    public async ValueTask InitializeAsync()
    {
        _telemetry.ObserveReady(_health.Ready);
        _endpoint = (await OperateEndpoint.StartAsync(new OperateOptions { Url = "http://127.0.0.1:0" }, _telemetry, _health))!;
        _client.BaseAddress = new Uri(_endpoint.Url);
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _endpoint.DisposeAsync();
        _telemetry.Dispose();
    }

    [Fact]
    public async Task Metrics_ShouldBePrometheusText()
    {
        _telemetry.Consumed("posts", 0);

        using var response = await _client.GetAsync("/metrics");

        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        var page = await response.Content.ReadAsStringAsync();
        Assert.Contains("streamscorer_records_consumed_total{partition=\"0\",topic=\"posts\"} 1\n", page, StringComparison.Ordinal);
        Assert.Contains("streamscorer_ready 0\n", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ready_ShouldTurnFrom503To200_WhenTheWorkerIsReady()
    {
        using var before = await _client.GetAsync("/health/ready");
        _health.ModelWarm();
        _health.Assigned(3);
        using var after = await _client.GetAsync("/health/ready");

        Assert.Equal((HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK), (before.StatusCode, after.StatusCode));
        var page = (await before.Content.ReadFromJsonAsync<JsonObject>())!;
        Assert.Equal("not_ready", (string?)page["status"]);
        Assert.Contains(page["checks"]!.AsArray(), check => (string?)check!["name"] == "model" && !(bool)check["ok"]! && check["why"] is not null);
        Assert.Equal("ready", (string?)(await after.Content.ReadFromJsonAsync<JsonObject>())!["status"]);
    }

    [Fact]
    public async Task Live_ShouldAnswer200_WhenNothingIsStuck()
    {
        _health.Turned("infer");

        using var response = await _client.GetAsync("/health/live");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Contains("\"infer\"", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET", "/", HttpStatusCode.NotFound)]
    [InlineData("POST", "/metrics", HttpStatusCode.MethodNotAllowed)]
    [InlineData("HEAD", "/health/live", HttpStatusCode.OK)]
    public async Task Endpoint_ShouldRefuseWhatItDoesNotServe(string method, string path, HttpStatusCode expected)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var response = await _client.SendAsync(request);

        Assert.Equal(expected, response.StatusCode);
    }

    [Fact]
    public async Task Endpoint_ShouldAskForTheKey_WhenThereIsOne()
    {
        await using var guarded = (await OperateEndpoint.StartAsync(new OperateOptions { Url = "http://127.0.0.1:0", ApiKey = "0123456789abcdef", GuardMetrics = true }, _telemetry, _health))!;
        using var client = new HttpClient { BaseAddress = new Uri(guarded.Url) };
        using var without = await client.GetAsync("/metrics");
        client.DefaultRequestHeaders.Authorization = new("Bearer", "0123456789abcdef");
        using var with = await client.GetAsync("/metrics");

        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.OK), (without.StatusCode, with.StatusCode));
        Assert.StartsWith("Basic realm=", without.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal); // so that a browser asks its user
        Assert.DoesNotContain("streamscorer_", await without.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Metrics_ShouldAnswerAll_WhenScrapedAtOnce()
    {
        var pages = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => _client.GetStringAsync(new Uri("/metrics", UriKind.Relative))));

        Assert.All(pages, page => Assert.EndsWith("\n", page, StringComparison.Ordinal));
        Assert.All(pages, page => Assert.Contains("streamscorer_build_info", page, StringComparison.Ordinal));
    }

    [Fact]
    public async Task StartAsync_ShouldNameAddressAndCure_WhenThePortIsInUse()
    {
        var options = new OperateOptions { Url = _endpoint.Url };

        var e = await Assert.ThrowsAsync<StartupException>(() => OperateEndpoint.StartAsync(options, _telemetry, _health));

        Assert.Equal(
            $"Cannot serve metrics and health on {_endpoint.Url}: the port is in use by another program. Set Operate:Url to a free address, such as http://127.0.0.1:9465, or Operate:Enabled to false.",
            e.Message);
    }

    [Fact]
    public async Task StartAsync_ShouldTellTheCause_WhenTheAddressIsNotOurs()
    {
        // 192.0.2.0/24 is for documentation (RFC 5737): no machine has it.
        var e = await Assert.ThrowsAsync<StartupException>(
            () => OperateEndpoint.StartAsync(new OperateOptions { Url = "http://192.0.2.1:9464" }, _telemetry, _health));

        Assert.Contains("this machine has no such address", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task StartAsync_ShouldOpenNothing_WhenDisabled()
        => Assert.Null(await OperateEndpoint.StartAsync(new OperateOptions { Enabled = false }, _telemetry, _health));

    [Fact]
    public async Task Endpoint_ShouldGoOnAnswering_WhenTheProcessIsSignalled()
    {
        // While the worker drains, somebody must still be able to ask how it is.
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such signal.");
        var signalled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var registration = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
        {
            context.Cancel = true;
            signalled.SetResult();
        });

        using var kill = Process.Start("kill", ["-TERM", Environment.ProcessId.ToString(CultureInfo.InvariantCulture)]);
        await signalled.Task.WaitAsync(TimeSpan.FromSeconds(30));

        for (var i = 0; i < 50; i++)
        {
            using var client = new HttpClient { BaseAddress = _client.BaseAddress };
            using var response = await client.GetAsync("/health/live");
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }
    }

    [Fact]
    public async Task DisposeAsync_ShouldFreeThePort()
    {
        var other = (await OperateEndpoint.StartAsync(new OperateOptions { Url = "http://127.0.0.1:0" }, _telemetry, _health))!;
        var port = new Uri(other.Url).Port;

        await other.DisposeAsync();

        using var listener = new TcpListener(IPAddress.Loopback, port);
        listener.Start();
    }
}
