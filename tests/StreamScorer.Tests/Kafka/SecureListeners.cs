using System.Net;

namespace StreamScorer.Tests.Kafka;

/// <summary>What a broker needs to listen with TLS and users: certificates of its own making, settings, users.</summary>
internal sealed class SecureListeners : IDisposable
{
    public const string User = "worker";
    public const string Password = "pa55-of-the-worker";
    public const string KeyPassword = "pa55-of-the-key";

    private readonly string _settings;

    public SecureListeners(string folder)
    {
        Certificates = new TestCertificates(folder);
        var good = Certificates.Issue("broker", "localhost", IPAddress.Loopback).Both;
        var ended = Certificates.Issue("ended", "localhost", IPAddress.Loopback, ended: true).Both;
        var elsewhere = Certificates.Issue("elsewhere", "broker.example.org").Both;
        Client = Certificates.Issue("client", "client.example.org", password: KeyPassword);
        _settings = $"""
            ssl.keystore.type=PEM
            ssl.truststore.type=PEM
            ssl.truststore.location={Certificates.AuthorityFile}
            ssl.keystore.location={good}
            listener.name.mutual.ssl.client.auth=required
            listener.name.ended.ssl.keystore.location={ended}
            listener.name.elsewhere.ssl.keystore.location={elsewhere}
            sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512,OAUTHBEARER
            listener.name.sasl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_{User}="{Password}";
            listener.name.sasl.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
            listener.name.sasl.oauthbearer.sasl.jaas.config=org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";
            listener.name.sasl.oauthbearer.connections.max.reauth.ms=3600000
            authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
            allow.everyone.if.no.acl.found=true
            super.users=User:ANONYMOUS
            """;
    }

    /// <summary>In the order of the ports that <see cref="Listeners"/> is given: users over TLS, client certificates, a certificate that has ended, one for another host.</summary>
    public static IReadOnlyList<string> Names { get; } = ["SASL", "MUTUAL", "ENDED", "ELSEWHERE"];

    public static string Protocols => ",SASL:SASL_SSL,MUTUAL:SSL,ENDED:SSL,ELSEWHERE:SSL";

    public TestCertificates Certificates { get; }

    public (string Certificate, string Key, string Both) Client { get; }

    public string Properties => _settings;

    public static string[] Users => ["--add-scram", $"SCRAM-SHA-512=[name={User},password={Password}]"];

    public static string Listeners(int[] ports) => string.Concat(Names.Zip(ports, (name, port) => $",{name}://127.0.0.1:{port}"));

    public void Dispose() => Certificates.Dispose();
}
