using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using StreamScorer.Operate.Page;

namespace StreamScorer.Operate;

/// <summary>
/// Stands before everything that is served over HTTP. Health is for everybody who reaches the address, because orchestrators carry no
/// keys; metrics are unless <see cref="OperateOptions.GuardMetrics"/> says otherwise; all else wants the key, or, where there is none, a
/// request from this machine.
/// </summary>
internal sealed class ApiKeyGuard(OperateOptions options, IPAddress address)
{
    private const string Bearer = "Bearer ";
    private const string Basic = "Basic ";
    private const string ApiKeyHeader = "X-Api-Key";

    // Hashes are equally long, so comparing them takes equally long whatever was sent.
    private readonly byte[]? _key = options.ApiKey is { } key ? Hash(key) : null;

    /// <summary>As middleware: answers what it refuses, and hands on the rest.</summary>
    public Task InvokeAsync(HttpContext context, RequestDelegate next) => Refusal(context.Request) switch
    {
        null => next(context),
        { } refusal => RefuseAsync(context.Response, refusal),
    };

    private (int Status, string Why)? Refusal(HttpRequest request)
        => IsOpen(request.Path) ? null
            : _key is not null ? IsKey(request) ? null : (StatusCodes.Status401Unauthorized, "This page wants the API key: Authorization: Bearer KEY, or X-Api-Key: KEY; a browser asks for it as the password, with any name.")
            : !IPAddress.IsLoopback(address) ? (StatusCodes.Status403Forbidden, "Beyond its own machine the worker serves this page only with an API key, and none is set: Operate:ApiKey.")
            : RequestGuard.IsForLocalHost(request) ? null
            : (StatusCodes.Status403Forbidden, "Without an API key (Operate:ApiKey) this page is served to this machine only, by its address or as localhost.");

    private bool IsOpen(PathString path)
        => path.StartsWithSegments("/health", StringComparison.Ordinal) || (!options.GuardMetrics && path == "/metrics");

    private bool IsKey(HttpRequest request)
    {
        var authorization = request.Headers.Authorization.ToString();
        var given = authorization.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) ? authorization[Bearer.Length..]
            : authorization.StartsWith(Basic, StringComparison.OrdinalIgnoreCase) ? Password(authorization[Basic.Length..])
            : request.Headers[ApiKeyHeader].ToString();
        return CryptographicOperations.FixedTimeEquals(Hash(given), _key);
    }

    /// <summary>The password of HTTP's basic authentication, which is all that a browser can be made to ask a person for.</summary>
    private static string Password(string credentials)
    {
        Span<byte> pair = stackalloc byte[1_024];
        return Convert.TryFromBase64String(credentials, pair, out var length) ? Encoding.UTF8.GetString(pair[(pair[..length].IndexOf((byte)':') + 1)..length]) : "";
    }

    private static byte[] Hash(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));

    private static Task RefuseAsync(HttpResponse response, (int Status, string Why) refusal)
    {
        response.StatusCode = refusal.Status;
        response.Headers.CacheControl = "no-store";
        if (refusal.Status == StatusCodes.Status401Unauthorized)
        {
            response.Headers.WWWAuthenticate = "Basic realm=\"StreamScorer: any name, and the API key as the password\", charset=\"UTF-8\"";
        }

        return response.WriteAsync(refusal.Why + "\n");
    }
}
