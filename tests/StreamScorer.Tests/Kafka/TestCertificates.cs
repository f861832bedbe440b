using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace StreamScorer.Tests.Kafka;

/// <summary>A certificate authority of the tests' own, made anew for each run, and what it signs. All files are PEM, in one folder.</summary>
internal sealed class TestCertificates : IDisposable
{
    private static readonly PbeParameters KeyEncryption = new(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 10_000);

    private readonly string _folder;
    private readonly X509Certificate2 _authority;

    public TestCertificates(string folder)
    {
        _folder = folder;
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        _authority = Authority("Test CA", key);
        File.WriteAllText(AuthorityFile, _authority.ExportCertificatePem());
        using var strange = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var stranger = Authority("Strange CA", strange);
        File.WriteAllText(StrangeAuthorityFile, stranger.ExportCertificatePem());
    }

    public string AuthorityFile => Path.Combine(_folder, "ca.pem");

    /// <summary>Another CA, which has signed nothing here.</summary>
    public string StrangeAuthorityFile => Path.Combine(_folder, "strange-ca.pem");

    public void Dispose() => _authority.Dispose();

    /// <param name="password">Encrypts the key; null leaves it in the clear.</param>
    /// <param name="ended">Whether its time is already over.</param>
    /// <returns>Files of the certificate, of its key, and of both together.</returns>
    public (string Certificate, string Key, string Both) Issue(string name, string host, IPAddress? address = null, string? password = null, bool ended = false)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(host);
        if (address is not null)
        {
            names.AddIpAddress(address);
        }

        request.CertificateExtensions.Add(names.Build());
        var now = DateTimeOffset.UtcNow;
        var (from, to) = ended ? (now.AddDays(-20), now.AddDays(-10)) : (now.AddDays(-1), now.AddDays(1));
        using var certificate = request.Create(_authority, from, to, RandomNumberGenerator.GetBytes(8));
        var keyPem = password is null ? key.ExportPkcs8PrivateKeyPem() : key.ExportEncryptedPkcs8PrivateKeyPem(password, KeyEncryption);
        return (Write($"{name}.crt", certificate.ExportCertificatePem()), Write($"{name}.key", keyPem), Write($"{name}.pem", keyPem + "\n" + certificate.ExportCertificatePem()));
    }

    private string Write(string file, string text)
    {
        var path = Path.Combine(_folder, file);
        File.WriteAllText(path, text + "\n");
        return path;
    }

    private static X509Certificate2 Authority(string name, ECDsa key)
    {
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-30), DateTimeOffset.UtcNow.AddDays(30));
    }
}
