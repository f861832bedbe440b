using System.Globalization;
using System.Text.RegularExpressions;
using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Soak;

/// <summary>Three brokers on this machine, started, killed and asked who does what.</summary>
internal sealed partial class DevCluster : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly string _script;
    private readonly string _home;
    private readonly string _folder;

    private DevCluster(string home, string script, string folder, IReadOnlyDictionary<string, string> client) => (_home, _script, _folder, Client) = (home, script, folder, client);

    /// <summary>What a client needs to reach it: librdkafka's properties.</summary>
    public IReadOnlyDictionary<string, string> Client { get; }

    public string Servers => Client["bootstrap.servers"];

    /// <exception cref="InvalidOperationException">There is no such Kafka folder, or it does not start.</exception>
    /// <param name="secure">With TLS and passwords, so that clients have names and rights.</param>
    public static async Task<DevCluster> StartAsync(string folder, bool secure)
    {
        var home = Environment.GetEnvironmentVariable("KAFKA_HOME") ?? throw new InvalidOperationException("Set KAFKA_HOME to a Kafka folder with kafka-dev.sh, which runs three brokers on this machine.");
        var script = Path.Combine(home, "kafka-dev.sh");
        if (!File.Exists(script))
        {
            throw new InvalidOperationException($"KAFKA_HOME ({home}) has no kafka-dev.sh, which runs three brokers on this machine.");
        }

        var (_, output) = await Run.ToEndAsync(script, ["start", "--dir", folder, "--brokers", "3", "--port", "0", "--set", "auto.create.topics.enable=false", .. secure ? ["--sasl-tls"] : Array.Empty<string>()]);
        var client = new Dictionary<string, string> { ["bootstrap.servers"] = Setting(output, "bootstrap") };
        if (secure)
        {
            (client["security.protocol"], client["sasl.mechanism"]) = ("SASL_SSL", "SCRAM-SHA-512");
            (client["ssl.ca.location"], client["sasl.username"], client["sasl.password"]) = (Setting(output, "ca"), Setting(output, "username"), Setting(output, "password"));
        }

        return new DevCluster(home, script, folder, client);
    }

    public Task KillAsync(int broker) => Run.ToEndAsync(_script, ["kill", "--dir", _folder, "--broker", $"{broker}"]);

    /// <summary>Returns when it answers again.</summary>
    public Task RestartAsync(int broker) => Run.ToEndAsync(_script, ["restart", "--dir", _folder, "--broker", $"{broker}"]);

    /// <summary>Those that do not run.</summary>
    public Task StartAgainAsync() => Run.ToEndAsync(_script, ["start", "--dir", _folder]);

    /// <summary>Takes the right to write a topic, and leaves all others; or gives it back. On a secure cluster.</summary>
    public async Task DenyWriteAsync(string topic, bool deny)
    {
        using var admin = Admin();
        AclBinding Rule(AclOperation operation, AclPermissionType permission) => new()
        {
            Pattern = new ResourcePattern { Type = ResourceType.Topic, Name = topic, ResourcePatternType = ResourcePatternType.Literal },
            Entry = new AccessControlEntry { Principal = $"User:{Client["sasl.username"]}", Host = "*", Operation = operation, PermissionType = permission },
        };
        if (deny)
        {
            await admin.CreateAclsAsync([Rule(AclOperation.All, AclPermissionType.Allow), Rule(AclOperation.Write, AclPermissionType.Deny)]);
        }
        else
        {
            await admin.DeleteAclsAsync([Rule(AclOperation.Write, AclPermissionType.Deny).ToFilter()]);
        }
    }

    public async Task<int> PidAsync(int broker)
    {
        var (_, output) = await Run.ToEndAsync(_script, ["status", "--dir", _folder], 3);
        var line = output.Split('\n').First(l => l.StartsWith($"broker={broker} ", StringComparison.Ordinal));
        return int.Parse(Setting(line.Replace(' ', '\n'), "pid"), CultureInfo.InvariantCulture);
    }

    public int Leader(string topic, int partition)
    {
        using var admin = Admin();
        return admin.GetMetadata(topic, Limit).Topics.Single().Partitions.Single(p => p.PartitionId == partition).Leader;
    }

    public async Task<int> GroupCoordinatorAsync(string group)
    {
        using var admin = Admin();
        var described = await admin.DescribeConsumerGroupsAsync([group], new DescribeConsumerGroupsOptions { RequestTimeout = Limit });
        return described.ConsumerGroupDescriptions.Single().Coordinator.Id;
    }

    /// <summary>Of the workers' transactions; null when there are none.</summary>
    public async Task<int?> TransactionCoordinatorAsync(string group)
    {
        var (_, output) = await Run.ToEndAsync(Path.Combine(_home, "bin", "kafka-transactions.sh"), ["--bootstrap-server", Servers, "list"]);
        var worker = output.Split('\n').Select(line => Blanks().Split(line.Trim())).FirstOrDefault(cells => cells.Length >= 4 && cells[0].Contains(group, StringComparison.Ordinal) && !cells[0].StartsWith("ghosts-", StringComparison.Ordinal));
        return worker is null ? null : int.Parse(worker[1], CultureInfo.InvariantCulture);
    }

    public async ValueTask DisposeAsync()
    {
        await Run.ToEndAsync(_script, ["stop", "--dir", _folder], 1, 3);
        Directory.Delete(_folder, recursive: true);
    }

    private IAdminClient Admin() => new AdminClientBuilder(new AdminClientConfig(Client.ToDictionary())).SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => { }).Build();

    private static string Setting(string lines, string name)
        => lines.Split('\n').First(line => line.StartsWith(name + "=", StringComparison.Ordinal))[(name.Length + 1)..].Trim();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();
}
