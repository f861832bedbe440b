using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using StreamScorer.Configure;
using StreamScorer.Operate;
using StreamScorer.Operate.Page;

namespace StreamScorer.Tests.Operate.Page;

/// <summary>The page over HTTP, with the real model and no Kafka.</summary>
public sealed partial class ConsolePageTests : IAsyncLifetime
{
    private readonly Settings _settings = new() { Operate = new OperateOptions { Url = "http://127.0.0.1:0", EventStreams = 3 } };
    private readonly Telemetry _telemetry = new(TimeProvider.System);
    private readonly HttpClient _client = new() { Timeout = TimeSpan.FromSeconds(60) };
    private Engine _engine = null!;
    private ConsolePage _page = null!;
    private OperateEndpoint _endpoint = null!;

    public async ValueTask InitializeAsync()
    {
        var health = new HealthState(_settings.Operate, TimeProvider.System);
        _engine = Engine.Open(_settings with { Model = new ModelOptions { Bundle = Repository.DefaultBundle } }, _telemetry, health, TimeProvider.System);
        _page = ConsolePage.Open(_settings, _engine, _telemetry, health, TimeProvider.System)!;
        _endpoint = (await OperateEndpoint.StartAsync(_settings.Operate, _telemetry, health, _page))!;
        _client.BaseAddress = new Uri(_endpoint.Url);
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _page.DisposeAsync();
        await _endpoint.DisposeAsync();
        _engine.Dispose();
        _telemetry.Dispose();
    }

    [Fact]
    public async Task Page_ShouldForbidEverythingButItsOwnFiles()
    {
        using var response = await _client.GetAsync("/");

        Assert.Equal("text/html; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        Assert.Equal(
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            Assert.Single(response.Headers.GetValues("Content-Security-Policy")));
        Assert.Equal("nosniff", Assert.Single(response.Headers.GetValues("X-Content-Type-Options")));
        Assert.Equal("no-referrer", Assert.Single(response.Headers.GetValues("Referrer-Policy")));
        Assert.False(response.Headers.Contains("Server"));
    }

    [Fact]
    public async Task Page_ShouldServeEveryFileThatItNames_AndNameNoOtherHost()
    {
        var files = new HashSet<string>(StringComparer.Ordinal) { "" };
        var open = new Queue<string>(files);
        while (open.TryDequeue(out var file))
        {
            using var response = await _client.GetAsync("/" + file);
            Assert.True(response.IsSuccessStatusCode, $"{file}: {response.StatusCode}");
            var text = await response.Content.ReadAsStringAsync();
            Assert.DoesNotMatch("(?<!xmlns=\"|')https?://", text);
            Assert.DoesNotMatch("innerHTML|insertAdjacentHTML|document\\.write|eval\\(", text);
            foreach (Match match in Named().Matches(text))
            {
                var name = "page/" + match.Groups[1].Value;
                if (files.Add(name))
                {
                    open.Enqueue(name);
                }
            }
        }

        Assert.Equal(10, files.Count);
    }

    [Theory]
    [InlineData("/page/nothing.js", HttpStatusCode.NotFound)]
    [InlineData("/page/../appsettings.json", HttpStatusCode.NotFound)]
    [InlineData("/page/", HttpStatusCode.NotFound)]
    [InlineData("/page/score", HttpStatusCode.MethodNotAllowed)]
    public async Task Page_ShouldAnswerNothingElse(string path, HttpStatusCode expected)
    {
        using var response = await _client.GetAsync(path);

        Assert.Equal(expected, response.StatusCode);
    }

    [Fact]
    public async Task Endpoint_ShouldAnswerToItsOwnNameOnly_ButTellItsHealthToAnybody()
    {
        async Task<HttpStatusCode> Ask(string path)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.Host = "attacker.example";
            using var response = await _client.SendAsync(request);
            return response.StatusCode;
        }

        Assert.Equal(HttpStatusCode.Forbidden, await Ask("/"));
        Assert.Equal(HttpStatusCode.Forbidden, await Ask("/page/events"));
        Assert.Equal(HttpStatusCode.OK, await Ask("/metrics")); // holds nothing of anybody, and scrapers have names of their own for a machine
        Assert.Equal(HttpStatusCode.OK, await Ask("/health/live"));
    }

    [Fact]
    public async Task Score_ShouldDecideAsTheStreamWould_WhateverMarkupTheTextHolds()
    {
        var (status, news) = await ScoreAsync("""{"text": "<script>alert(1)</script> I hate all of these immigrants, they are vermin and should be wiped out"}""");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.NotEqual("allow", (string?)news["decision"]);
        Assert.Contains(news["why"]!.AsArray(), why => (string?)why!["head"] == "hate");
        Assert.Equal(["<", "script", ">", "alert"], news["tokens"]!.AsArray().Take(4).Select(token => (string?)token!["piece"]));
        Assert.Equal(["fake", "hate", "sentiment"], news["heads"]!.AsArray().Select(head => (string?)head!["head"]));
    }

    [Theory]
    [InlineData("not json", HttpStatusCode.BadRequest, "not_json")]
    [InlineData("{}", HttpStatusCode.BadRequest, "missing_text")]
    [InlineData("""{"text": 7}""", HttpStatusCode.BadRequest, "wrong_type")]
    [InlineData("""{"text": "  "}""", HttpStatusCode.BadRequest, "empty_text")]
    [InlineData("""{"text": "\u200b\u0001"}""", HttpStatusCode.BadRequest, "empty_text")]
    [InlineData("""{"text": "\ud83d alone"}""", HttpStatusCode.BadRequest, "unpaired_surrogate")]
    public async Task Score_ShouldSayWhy_WhenTheTextCannotBeScored(string body, HttpStatusCode status, string reason)
    {
        var (answered, news) = await ScoreAsync(body);

        Assert.Equal((status, reason), (answered, (string?)news["reason"]));
        Assert.NotEmpty((string)news["message"]!);
    }

    [Theory]
    [InlineData(70_000)] // over the limit of a text
    [InlineData(1_000_000)] // over that of any document that could hold one
    public async Task Score_ShouldAnswer413_WhenTheTextIsTooLong(int length)
    {
        var (status, news) = await ScoreAsync($$"""{"text": "{{new string('x', length)}}"}""");
        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "text_too_long"), (status, (string?)news["reason"]));

        // Without a length beforehand it shows only while it is read.
        using var content = new PushContent($$"""{"text": "{{new string('x', length)}}"}""");
        using var response = await _client.PostAsync("/page/score", content);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
    }

    [Fact]
    public async Task Score_ShouldAnswer400_WhenTheBytesAreNotUtf8()
    {
        using var content = new ByteArrayContent([.. "{\"text\": \""u8, 0xC3, 0x28, .. "\"}"u8]);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");

        using var response = await _client.PostAsync("/page/score", content);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("invalid_utf8", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Score_ShouldRefuse_WhatAnotherSitesPageCanSend()
    {
        using var form = new StringContent("""{"text": "hello"}""", Encoding.UTF8, "text/plain"); // what a form, or fetch without asking first, can send
        using var plain = await _client.PostAsync("/page/score", form);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, plain.StatusCode);

        using var request = new HttpRequestMessage(HttpMethod.Post, "/page/score") { Content = Json("""{"text": "hello"}""") };
        request.Headers.Add("Origin", "https://attacker.example");
        using var other = await _client.SendAsync(request);
        Assert.Equal(HttpStatusCode.Forbidden, other.StatusCode);

        using var events = new HttpRequestMessage(HttpMethod.Get, "/page/events");
        events.Headers.Add("Sec-Fetch-Site", "cross-site");
        using var stream = await _client.SendAsync(events);
        Assert.Equal(HttpStatusCode.Forbidden, stream.StatusCode);

        using var preflight = new HttpRequestMessage(HttpMethod.Options, "/page/score");
        using var answer = await _client.SendAsync(preflight);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, answer.StatusCode);
        Assert.DoesNotContain(answer.Headers, header => header.Key.StartsWith("Access-Control", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task Events_ShouldStream_AndBeRefusedWith503_WhenAThousandAskAtOnce()
    {
        var responses = await Task.WhenAll(Enumerable.Range(0, 1_000).Select(_ => _client.GetAsync("/page/events", HttpCompletionOption.ResponseHeadersRead)));

        var streams = responses.Where(response => response.IsSuccessStatusCode).ToList();
        Assert.Equal(3, streams.Count);
        Assert.All(responses.Except(streams), response => Assert.Equal((HttpStatusCode.ServiceUnavailable, "5"), (response.StatusCode, response.Headers.RetryAfter!.ToString())));
        Assert.Equal("text/event-stream", streams[0].Content.Headers.ContentType!.MediaType);
        using var reader = new StreamReader(await streams[0].Content.ReadAsStreamAsync());
        Assert.Equal(("retry: 2000", "event: hello"), (await reader.ReadLineAsync(), await reader.ReadLineAsync()));
        foreach (var response in responses)
        {
            response.Dispose();
        }
    }

    private static StringContent Json(string body) => new(body, Encoding.UTF8, "application/json");

    private async Task<(HttpStatusCode Status, JsonNode News)> ScoreAsync(string body)
    {
        using var content = Json(body);
        using var response = await _client.PostAsync("/page/score", content);
        return (response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync())!);
    }

    [GeneratedRegex("(?:\"page/|from '\\./)([a-z]+\\.[a-z]+)['\"]")]
    private static partial Regex Named();

    /// <summary>Sends without telling the length first.</summary>
    private sealed class PushContent : HttpContent
    {
        private readonly byte[] _body;

        public PushContent(string body)
        {
            _body = Encoding.UTF8.GetBytes(body);
            Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => stream.WriteAsync(_body).AsTask();

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
