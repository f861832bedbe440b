using System.Collections.Frozen;
using System.Reflection;
using Microsoft.AspNetCore.Http;
using StreamScorer.Configure;

namespace StreamScorer.Operate.Page;

/// <summary>
/// The console page: <c>/</c>, its files under <c>/page/</c>, <c>/page/events</c> (server-sent events, one a second) and <c>/page/score</c> (a text to try).
/// The files lie beside this class and are embedded; there is no build step.
/// </summary>
internal sealed class ConsolePage(PageFeed feed, TrialRequest trial, TextTrial scoring) : IAsyncDisposable
{
    private const string Prefix = "page/";

    private static readonly FrozenDictionary<string, (string Type, byte[] Content)> Files = Assembly.GetExecutingAssembly().GetManifestResourceNames()
        .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
        .ToFrozenDictionary(name => name[Prefix.Length..], name => (TypeOf(name), Read(name)), StringComparer.Ordinal);

    public PageFeed Feed => feed;

    /// <returns>Null when <see cref="OperateOptions.Page"/> or the endpoint is off.</returns>
    public static ConsolePage? Open(Settings settings, Engine engine, Telemetry telemetry, HealthState health, TimeProvider time)
    {
        if (settings.Operate is not { Enabled: true, Page: true })
        {
            return null;
        }

        var scores = new ScoreHistograms(engine.Bundle.Manifest.Heads, engine.Bundle.Policy);
        var latest = new LatestPosts(settings.Operate.Texts, time);
        telemetry.ObserveOutcomes(entry =>
        {
            latest.Add(entry);
            if (entry.Verdict is { } verdict)
            {
                scores.Add(verdict);
            }
        });
        var source = new PageSource(() => PageFacts.Of(engine, settings), telemetry, health, scores, latest, () => engine.Intake.Waiting.Records, time);
        var scoring = engine.CreateTrial();
        var feed = new PageFeed(source, settings.Operate.EventStreams);
        feed.Start(time);
        engine.Policy.Changed += feed.Restart;
        return new ConsolePage(feed, new TrialRequest(scoring, settings.Decode), scoring);
    }

    /// <returns>False when the address is none of the page's.</returns>
    public async Task<bool> AnswerAsync(HttpContext context)
    {
        var path = context.Request.Path.Value ?? "";
        switch (path)
        {
            case "/page/score":
                await trial.AnswerAsync(context);
                return true;
            case "/page/events" when HttpMethods.IsGet(context.Request.Method):
                await StreamAsync(context);
                return true;
            default:
                return await SendFileAsync(context, path);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await feed.DisposeAsync();
        scoring.Dispose();
    }

    private static async Task<bool> SendFileAsync(HttpContext context, string path)
    {
        var name = path == "/" ? "index.html" : path.StartsWith("/" + Prefix, StringComparison.Ordinal) ? path[(Prefix.Length + 1)..] : "";
        if (!Files.TryGetValue(name, out var file) || !(HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method)))
        {
            return false;
        }

        context.Response.ContentType = file.Type;
        context.Response.ContentLength = file.Content.Length;
        if (HttpMethods.IsGet(context.Request.Method))
        {
            await context.Response.Body.WriteAsync(file.Content, context.RequestAborted);
        }

        return true;
    }

    private async Task StreamAsync(HttpContext context)
    {
        if (RequestGuard.IsCrossSite(context.Request))
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return;
        }

        using var viewer = feed.Enter();
        if (viewer is null)
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            context.Response.Headers.RetryAfter = "5";
            await context.Response.WriteAsync("Too many browsers watch already (Operate:EventStreams), or the worker stops.\n");
            return;
        }

        context.Response.ContentType = "text/event-stream";
        context.Response.Headers["X-Accel-Buffering"] = "no"; // else some proxies hold events back
        try
        {
            await foreach (var message in viewer.MessagesAsync(context.RequestAborted))
            {
                await context.Response.Body.WriteAsync(message, context.RequestAborted);
                await context.Response.Body.FlushAsync(context.RequestAborted);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // The browser went away.
        }
    }

    private static string TypeOf(string name) => Path.GetExtension(name) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".svg" => "image/svg+xml",
        var other => throw new InvalidOperationException($"The page has a file with the ending {other}, whose type is not known. This is a bug."),
    };

    private static byte[] Read(string name)
    {
        using var content = new MemoryStream();
        Assembly.GetExecutingAssembly().GetManifestResourceStream(name)!.CopyTo(content);
        return content.ToArray();
    }
}
