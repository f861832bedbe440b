using System.Net;
using Microsoft.AspNetCore.Http;

namespace StreamScorer.Operate.Page;

/// <summary>Keeps other sites' pages, open in the same browser, away from an endpoint that trusts whoever reaches it.</summary>
internal static class RequestGuard
{
    /// <summary>
    /// Whether the request was meant for this machine by name. Another site can make its own name resolve to 127.0.0.1, and its page then reads our answers as its own (DNS
    /// rebinding); but the browser still sends that name.
    /// </summary>
    public static bool IsForLocalHost(HttpRequest request)
    {
        var name = request.Host.Host.Trim('[', ']');
        return string.Equals(name, "localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(name, out var address) && IPAddress.IsLoopback(address));
    }

    /// <summary>Whether a browser says that another site's page asks. Programs say nothing, and are no danger: no cookie or network place of a person's goes with them.</summary>
    public static bool IsCrossSite(HttpRequest request)
    {
        if (request.Headers["Sec-Fetch-Site"].ToString() is { Length: > 0 } site)
        {
            return site is not ("same-origin" or "none");
        }

        return request.Headers.Origin.ToString() is { Length: > 0 } origin
            && !(Uri.TryCreate(origin, UriKind.Absolute, out var uri) && string.Equals(uri.Authority, request.Host.Value, StringComparison.OrdinalIgnoreCase));
    }
}
