using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using StreamScorer.Configure;
using StreamScorer.Tests.Kafka;

[assembly: AssemblyFixture(typeof(SecureKafkaFixture))]

namespace StreamScorer.Tests.Kafka;

/// <summary>A real Kafka that asks who is there: one broker for all tests of a run, started by the first one that asks.</summary>
public sealed class SecureKafkaFixture : IAsyncDisposable
{
    private readonly Lazy<Task<SecureKafka?>> _kafka = new(() => Task.Run(StartAsync));

    /// <summary>The broker; without a distribution the calling test is skipped.</summary>
    internal async Task<SecureKafka> GetAsync()
    {
        var kafka = await _kafka.Value;
        Assert.SkipWhen(kafka is null, "No broker with TLS: set KAFKA_HOME to the folder of a Kafka distribution (needs Java 17).");
        return kafka!;
    }

    public async ValueTask DisposeAsync()
    {
        if (_kafka.IsValueCreated && await _kafka.Value is { } kafka)
        {
            await kafka.DisposeAsync();
        }
    }

    private static async Task<SecureKafka?> StartAsync()
        => Environment.GetEnvironmentVariable("KAFKA_HOME") is { Length: > 0 } home ? await SecureKafka.StartAsync(home) : null;
}

/// <summary>Its plain listener is for the tests themselves, and may do everything.</summary>
internal sealed class SecureKafka : IAsyncDisposable
{
    private readonly KafkaProcess _process;
    private readonly SecureListeners _listeners;

    private SecureKafka(KafkaProcess process, SecureListeners listeners, string folder)
        => (_process, _listeners, Folder) = (process, listeners, folder);

    public RealKafka Plain => _process.Kafka;

    public TestCertificates Certificates => _listeners.Certificates;

    /// <summary>For files of the tests; gone with the broker.</summary>
    public string Folder { get; }

    public static async Task<SecureKafka> StartAsync(string home)
    {
        var folder = Directory.CreateTempSubdirectory("streamscorer-tls-").FullName;
        var listeners = new SecureListeners(folder);
        return new SecureKafka(await KafkaProcess.StartAsync(home, listeners), listeners, folder);
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _listeners.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    /// <param name="listener">One of <see cref="SecureListeners.Names"/>.</param>
    public string Address(string listener) => $"127.0.0.1:{_process.SecurePorts[SecureListeners.Names.ToList().IndexOf(listener)]}";

    /// <summary>A connection that works: TLS and a password.</summary>
    public KafkaOptions WithPassword(string mechanism) => Secured("SASL", ("security.protocol", "SASL_SSL"), ("sasl.mechanism", mechanism), ("sasl.username", SecureListeners.User), ("sasl.password", SecureListeners.Password));

    /// <summary>A connection that works: TLS and a token from a file.</summary>
    public KafkaOptions WithToken(string file) => Secured("SASL", ("security.protocol", "SASL_SSL"), ("sasl.mechanism", "OAUTHBEARER")) with { TokenFile = file };

    /// <summary>A connection that works: TLS on both sides, the key encrypted.</summary>
    public KafkaOptions WithCertificate() => Secured(
        "MUTUAL", ("security.protocol", "SSL"), ("ssl.certificate.location", _listeners.Client.Certificate), ("ssl.key.location", _listeners.Client.Key), ("ssl.key.password", SecureListeners.KeyPassword));

    public KafkaOptions Secured(string listener, params (string Key, string Value)[] properties) => new()
    {
        BootstrapServers = Address(listener),
        Properties = properties.Append(("ssl.ca.location", Certificates.AuthorityFile)).ToDictionary(p => p.Item1, p => p.Item2),
    };

    /// <summary>A token as the broker's validator for development takes it: claims without a signature.</summary>
    public static string Token(TimeSpan life)
    {
        var now = DateTimeOffset.UtcNow;
        var claims = string.Create(CultureInfo.InvariantCulture, $$"""{"sub":"{{SecureListeners.User}}","iat":{{now.ToUnixTimeSeconds()}},"exp":{{(now + life).ToUnixTimeMilliseconds() / 1000.0}}}""");
        return $"{Base64Url.EncodeToString("""{"alg":"none"}"""u8)}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claims))}.";
    }

    public string WriteToken(TimeSpan life) => WriteToken(Token(life));

    public string WriteToken(string token)
    {
        var file = Path.Combine(Folder, $"token-{Guid.NewGuid():N}");
        File.WriteAllText(file, token + "\n");
        return file;
    }

    /// <summary>From now on nobody may do that but <paramref name="user"/>.</summary>
    public async Task AllowAsync(string user, ResourceType type, string name, params AclOperation[] operations)
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = Plain.BootstrapServers }).SetLogHandler((_, _) => { }).Build();
        await admin.CreateAclsAsync(operations.Select(operation => new AclBinding
        {
            Pattern = new ResourcePattern { Type = type, Name = name, ResourcePatternType = ResourcePatternType.Literal },
            Entry = new AccessControlEntry { Principal = $"User:{user}", Host = "*", Operation = operation, PermissionType = AclPermissionType.Allow },
        }));
    }
}
