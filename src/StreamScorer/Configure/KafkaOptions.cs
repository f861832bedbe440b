using System.ComponentModel.DataAnnotations;
using Confluent.Kafka;

namespace StreamScorer.Configure;

/// <summary>The connection to Kafka, for consumer and producer alike.</summary>
internal sealed record KafkaOptions : IValidatableObject
{
    /// <summary>Set by the program itself, because delivery depends on them.</summary>
    internal static readonly string[] Reserved =
    [
        "bootstrap.servers", "group.id", "client.id", "enable.auto.commit", "enable.auto.offset.store", "enable.partition.eof", "enable.idempotence", "acks",
        "partition.assignment.strategy", "auto.offset.reset", "group.instance.id", "isolation.level",
        "transactional.id", "transaction.timeout.ms",
    ];

    /// <summary>Brokers to start from, host:port, separated by commas. (default: localhost:9092)</summary>
    [Required]
    public string BootstrapServers { get; init; } = "localhost:9092";

    /// <summary>Consumer group. Workers of one group share the partitions; another group reads everything anew. (default: streamscorer)</summary>
    [Required]
    public string GroupId { get; init; } = "streamscorer";

    /// <summary>Name of this client in the broker's logs and quotas. (default: streamscorer)</summary>
    [Required]
    public string ClientId { get; init; } = "streamscorer";

    /// <summary>Static membership: a name of this worker that stays over restarts, so that a quick restart moves no partitions. Must be unique in the group. (default: none)</summary>
    public string? GroupInstanceId { get; init; }

    /// <summary>Longest wait for a first answer of the brokers at start. (default: 00:00:10)</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// File with the token that is shown to the brokers when sasl.mechanism is OAUTHBEARER, as a JWT. It is read again before the
    /// token in it ends, so whoever renews the file needs no restart. (default: none)
    /// </summary>
    public string? TokenFile { get; init; }

    /// <summary>Any other librdkafka property by its own name, such as security.protocol or ssl.ca.location; given to every client where it applies. A secret better as a file: sasl.password_FILE. (default: none)</summary>
    public IReadOnlyDictionary<string, string> Properties { get; init; } = new Dictionary<string, string>();

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (TokenFile is not null && Mechanism != "OAUTHBEARER")
        {
            yield return new ValidationResult($"{nameof(TokenFile)} needs {nameof(Properties)}:sasl.mechanism=OAUTHBEARER; without it no token is ever asked for.", [nameof(TokenFile)]);
        }

        if (IsSecured && TokenFile is null && Mechanism == "OAUTHBEARER" && Properties.GetValueOrDefault("sasl.oauthbearer.method", "default") == "default"
            && !Properties.ContainsKey("enable.sasl.oauthbearer.unsecure.jwt"))
        {
            yield return new ValidationResult($"{nameof(Properties)}:sasl.mechanism=OAUTHBEARER needs a token: {nameof(TokenFile)}, or sasl.oauthbearer.method=oidc.", [nameof(TokenFile)]);
        }

        foreach (var key in Properties.Keys.Where(Reserved.Contains))
        {
            yield return new ValidationResult($"{nameof(Properties)} must not set '{key}': the program sets it, because delivery depends on it.", [nameof(Properties)]);
        }
    }

    /// <summary>Whether the brokers know who asks, by a certificate, a password or a token.</summary>
    public bool IsSecured
        => !Properties.GetValueOrDefault("security.protocol", "plaintext").Equals("plaintext", StringComparison.OrdinalIgnoreCase);

    /// <summary>How this user signs in, where security.protocol has SASL.</summary>
    public string Mechanism => Properties.GetValueOrDefault("sasl.mechanism") ?? Properties.GetValueOrDefault("sasl.mechanisms", "GSSAPI");

    /// <summary>What every client's builder is given besides; null where no file has the token.</summary>
    public Action<IClient, string>? TokenHandler => TokenFile is null ? null : new TokenFile(TokenFile, TimeProvider.System).Refresh;

    /// <summary>What every client of this process starts from.</summary>
    public T Client<T>()
        where T : ClientConfig, new()
    {
        var config = new T { BootstrapServers = BootstrapServers, ClientId = ClientId };
        foreach (var (key, value) in Properties)
        {
            config.Set(key, value);
        }

        return config;
    }
}
