using System.Diagnostics.CodeAnalysis;
using System.Net;

namespace StreamScorer.Operate;

/// <summary>Where to listen. Addresses only, and localhost: a name that resolves differently tomorrow would open another interface.</summary>
internal sealed record ListenAddress(IPAddress Address, int Port)
{
    /// <param name="fault">What is wrong, for people; null when it parses.</param>
    public static bool TryParse(string? url, [NotNullWhen(true)] out ListenAddress? address, [NotNullWhen(false)] out string? fault)
    {
        address = null;
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri))
        {
            fault = "it is not a URL.";
        }
        else if (uri.Scheme != Uri.UriSchemeHttp)
        {
            fault = "only http is served; put a proxy in front for https.";
        }
        else if (uri.PathAndQuery is not ("/" or "") || uri.UserInfo.Length > 0)
        {
            fault = "nothing may follow the port.";
        }
        else if (string.Equals(uri.Host, "localhost", StringComparison.OrdinalIgnoreCase))
        {
            address = new ListenAddress(IPAddress.Loopback, uri.Port);
            fault = null;
        }
        else if (IPAddress.TryParse(uri.DnsSafeHost, out var ip))
        {
            address = new ListenAddress(ip, uri.Port);
            fault = null;
        }
        else
        {
            fault = "the host must be an IP address or localhost; 0.0.0.0 is every interface.";
        }

        return fault is null;
    }
}
