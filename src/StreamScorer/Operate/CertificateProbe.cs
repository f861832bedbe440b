using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using StreamScorer.Configure;

namespace StreamScorer.Operate;

/// <summary>
/// Looks at a broker's certificate once more after the client has refused it, because the client does not say what is wrong with it:
/// expired, for another host, or signed by somebody unknown. Nothing is sent but the greeting of TLS.
/// </summary>
internal static class CertificateProbe
{
    private const int LimitMs = 5_000;

    /// <param name="address">host:port of the broker.</param>
    public static string Describe(KafkaOptions kafka, string address)
    {
        var (host, port) = address.LastIndexOf(':') is var colon and > 0 && int.TryParse(address[(colon + 1)..], CultureInfo.InvariantCulture, out var number)
            ? (address[..colon].Trim('[', ']'), number)
            : (address, 9092);
        var (certificate, trusted) = Fetch(kafka, host, port);
        using var seen = certificate;
        var issuer = certificate?.GetNameInfo(X509NameType.SimpleName, forIssuer: true);
        return certificate is null ? Untrusted(kafka, address, "")
            : certificate.NotAfter < DateTime.Now ? $"The certificate of the broker at {address} ended on {Day(certificate.NotAfter)}. Give the broker a new one; its CA '{issuer}' may stay."
            : certificate.NotBefore > DateTime.Now ? $"The certificate of the broker at {address} begins on {Day(certificate.NotBefore)}. Check the clock of this machine and of the one that made it."
            : trusted && !certificate.MatchesHostname(host)
                ? $"The certificate of the broker at {address} is for {Names(certificate)}, not for '{host}'. Use such a name in Kafka:BootstrapServers and in the broker's advertised.listeners, or give the broker a certificate with this one."
            : Untrusted(kafka, address, $" is signed by '{issuer}', which");
    }

    private static string Untrusted(KafkaOptions kafka, string address, string issuer)
        => $"The certificate of the broker at {address}{issuer} is not trusted here. Set Kafka:Properties:ssl.ca.location to the PEM file of the CA that signed it{(Authorities(kafka) is { } named ? $"; now it is {named}" : "; now the system's CAs are taken")}.";

    /// <summary>The broker's certificate, and whether a CA that the client was given has signed it; its name and times are another question.</summary>
    private static (X509Certificate2? Certificate, bool Trusted) Fetch(KafkaOptions kafka, string host, int port)
    {
        (X509Certificate2? Certificate, bool Trusted) seen = default;
        try
        {
            using var client = new TcpClient { SendTimeout = LimitMs, ReceiveTimeout = LimitMs };
            client.Connect(host, port);
            using var tls = new SslStream(client.GetStream(), leaveInnerStreamOpen: false);
            tls.AuthenticateAsClient(new SslClientAuthenticationOptions
            {
                TargetHost = host,
                RemoteCertificateValidationCallback = (_, certificate, chain, _) =>
                {
                    var own = X509CertificateLoader.LoadCertificate(certificate!.GetRawCertData());
                    seen = (own, Trusted(kafka, own, chain?.ChainPolicy.ExtraStore ?? []));
                    return false; // seen is enough: this connection is never used
                },
            });
        }
        catch (Exception e) when (e is SocketException or IOException or AuthenticationException)
        {
            // Per-record tier: either the refusal above, or the broker is no longer there; then the general advice must do.
        }

        return seen;
    }

    private static bool Trusted(KafkaOptions kafka, X509Certificate2 certificate, X509Certificate2Collection between)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.ExtraStore.AddRange(between);
        if (Authorities(kafka) is not null)
        {
            chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            try
            {
                Load(kafka, chain.ChainPolicy.CustomTrustStore);
            }
            catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
            {
                return false; // per-record tier: an unreadable list of CAs trusts nobody
            }
        }

        return chain.Build(certificate);
    }

    private static void Load(KafkaOptions kafka, X509Certificate2Collection into)
    {
        if (kafka.Properties.TryGetValue("ssl.ca.pem", out var pem))
        {
            into.ImportFromPem(pem);
        }
        else
        {
            into.ImportFromPemFile(kafka.Properties["ssl.ca.location"]);
        }
    }

    private static string? Authorities(KafkaOptions kafka)
        => kafka.Properties.ContainsKey("ssl.ca.pem") ? "what ssl.ca.pem holds" : kafka.Properties.GetValueOrDefault("ssl.ca.location");

    private static string Names(X509Certificate2 certificate)
    {
        var alternative = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().FirstOrDefault();
        string[] names = alternative is null ? [] : [.. alternative.EnumerateDnsNames(), .. alternative.EnumerateIPAddresses().Select(ip => ip.ToString())];
        return names.Length > 0 ? $"'{string.Join("', '", names)}'" : $"'{certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false)}'";
    }

    private static string Day(DateTime time) => time.ToUniversalTime().ToString("yyyy-MM-dd HH:mm'Z'", CultureInfo.InvariantCulture);
}
