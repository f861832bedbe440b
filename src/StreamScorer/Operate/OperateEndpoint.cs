using System.Net.Sockets;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using StreamScorer.Operate.Page;

namespace StreamScorer.Operate;

/// <summary>
/// Metrics, health and the console page over HTTP: <c>/metrics</c>, <c>/health/live</c>, <c>/health/ready</c>, <c>/</c>. A web host of its own beside the
/// pipeline, which neither reads configuration, nor logs, nor listens to signals: all that is the program's.
/// </summary>
internal sealed class OperateEndpoint : IAsyncDisposable
{
    /// <summary>Nothing but the page's own files, and no other page around it: a text that became markup could load and send nothing.</summary>
    private const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private readonly WebApplication _application;
    private readonly MetricsPage _metrics;

    private OperateEndpoint(WebApplication application, MetricsPage metrics, string url)
        => (_application, _metrics, Url) = (application, metrics, url);

    /// <summary>Where it answers, with the real port when the option said 0.</summary>
    public string Url { get; }

    /// <param name="page">Null: there is none.</param>
    /// <returns>Null when <see cref="OperateOptions.Enabled"/> is off.</returns>
    /// <exception cref="StartupException">The address cannot be listened on.</exception>
    public static async Task<OperateEndpoint?> StartAsync(OperateOptions options, Telemetry telemetry, HealthState health, ConsolePage? page = null)
    {
        if (!options.Enabled)
        {
            return null;
        }

        if (!ListenAddress.TryParse(options.Url, out var address, out var fault))
        {
            throw new StartupException($"Operate:Url is '{options.Url}': {fault}");
        }

        var metrics = new MetricsPage(telemetry);
        var application = Build(options, address, metrics, health, page);
        try
        {
            await application.StartAsync();
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            await application.DisposeAsync();
            metrics.Dispose();
            throw new StartupException(
                $"Cannot serve metrics and health on {options.Url}: {Cause(e)}. "
                + "Set Operate:Url to a free address, such as http://127.0.0.1:9465, or Operate:Enabled to false.");
        }

        var url = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return new OperateEndpoint(application, metrics, url);
    }

    public async ValueTask DisposeAsync()
    {
        await _application.DisposeAsync();
        _metrics.Dispose();
    }

    private static WebApplication Build(OperateOptions options, ListenAddress address, MetricsPage metrics, HealthState health, ConsolePage? page)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 0;
            kestrel.Listen(address.Address, address.Port);
        });

        // The usual one takes SIGTERM and Ctrl-C away from the program, and with them its own way to stop.
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        var application = builder.Build();
        application.Use(AddHeaders);
        application.Use(new ApiKeyGuard(options, address.Address).InvokeAsync);
        application.Use((context, next) => AnswerHealthAsync(context, next, health));
        application.Run(context => AnswerAsync(context, metrics, page));
        return application;
    }

    private static Task AddHeaders(HttpContext context, RequestDelegate next)
    {
        var headers = context.Response.Headers;
        headers.CacheControl = "no-store";
        headers.ContentSecurityPolicy = ContentSecurityPolicy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        return next(context);
    }

    private static Task AnswerHealthAsync(HttpContext context, RequestDelegate next, HealthState health) => context.Request.Path.Value switch
    {
        "/health/live" => IsRead(context) ? TellAsync(context, health.Live(), "live") : RefuseMethod(context),
        "/health/ready" => IsRead(context) ? TellAsync(context, health.Ready(), "ready") : RefuseMethod(context),
        _ => next(context),
    };

    private static async Task AnswerAsync(HttpContext context, MetricsPage metrics, ConsolePage? page)
    {
        if (page is not null && await page.AnswerAsync(context))
        {
            return;
        }

        if (!IsRead(context))
        {
            await RefuseMethod(context);
        }
        else if (context.Request.Path.Value == "/metrics")
        {
            context.Response.ContentType = PrometheusText.ContentType;
            await context.Response.WriteAsync(metrics.Render());
        }
        else
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            await context.Response.WriteAsync($"There are {(page is null ? "" : "/, ")}/metrics, /health/live and /health/ready.\n");
        }
    }

    private static bool IsRead(HttpContext context) => HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method);

    private static Task RefuseMethod(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
        context.Response.Headers.Allow = "GET, HEAD";
        return Task.CompletedTask;
    }

    private static Task TellAsync(HttpContext context, HealthReport report, string what)
    {
        context.Response.StatusCode = report.Ok ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        return context.Response.WriteAsJsonAsync(
            new HealthPage(report.Ok ? what : "not_" + what, report.Checks), HealthJson.Default.HealthPage, "application/json; charset=utf-8");
    }

    private static string Cause(Exception e)
    {
        var socket = e as SocketException ?? e.InnerException as SocketException ?? e.InnerException?.InnerException as SocketException;
        return socket?.SocketErrorCode switch
        {
            SocketError.AddressAlreadyInUse => "the port is in use by another program",
            SocketError.AccessDenied => "the port needs rights that this user lacks",
            SocketError.AddressNotAvailable => "this machine has no such address",
            _ => (socket?.Message ?? e.Message).TrimEnd('.'),
        };
    }

    /// <summary>Started and stopped by its owner alone.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}

/// <param name="Status"><c>live</c> or <c>ready</c>, with <c>not_</c> before it when a check fails.</param>
internal sealed record HealthPage(string Status, IReadOnlyList<HealthCheck> Checks);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(HealthPage))]
internal sealed partial class HealthJson : JsonSerializerContext;
