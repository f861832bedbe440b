using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace StreamScorer.Tests.Kafka;

/// <summary>One KRaft node in a container, by the engine's command line.</summary>
internal sealed class KafkaContainer : IAsyncDisposable
{
    private const string Image = "apache/kafka:4.3.1";

    private readonly string _id;

    private KafkaContainer(string id, RealKafka kafka) => (_id, Kafka) = (id, kafka);

    public RealKafka Kafka { get; }

    /// <returns>The container, or why there is none.</returns>
    /// <exception cref="InvalidOperationException">The container runs and its Kafka does not answer.</exception>
    public static async Task<(KafkaContainer? Container, string? Reason)> TryStartAsync()
    {
        // The command alone proves nothing: only an engine that answers makes this succeed.
        var (code, output) = await RunAsync(TimeSpan.FromSeconds(20), "info");
        if (code != 0)
        {
            return (null, "no container engine answers");
        }

        var port = FreePort();
        (code, output) = await RunAsync(TimeSpan.FromMinutes(5), ["run", "--detach", "--rm", "--publish", $"127.0.0.1:{port}:9092", .. Environment(port), Image]);
        if (code != 0)
        {
            return (null, $"the container engine could not run {Image}: {output.Trim()}");
        }

        // The id is the last line: a pull may have talked before.
        var container = new KafkaContainer(output.Trim().Split('\n')[^1], new RealKafka($"127.0.0.1:{port}"));
        try
        {
            await container.Kafka.WaitAsync(TimeSpan.FromSeconds(90), () => null);
            return (container, null);
        }
        catch (InvalidOperationException e)
        {
            var (_, log) = await RunAsync(TimeSpan.FromSeconds(20), "logs", "--tail", "20", container._id);
            await container.DisposeAsync();
            throw new InvalidOperationException($"{Image} does not answer: {e.Message}\n{log}", e);
        }
    }

    public async ValueTask DisposeAsync() => await RunAsync(TimeSpan.FromSeconds(30), "rm", "--force", _id);

    private static IEnumerable<string> Environment(int port) => new[]
    {
        "NODE_ID=1",
        "PROCESS_ROLES=broker,controller",
        "LISTENERS=PLAINTEXT://:9092,CONTROLLER://:9093",
        $"ADVERTISED_LISTENERS=PLAINTEXT://127.0.0.1:{port}",
        "LISTENER_SECURITY_PROTOCOL_MAP=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "INTER_BROKER_LISTENER_NAME=PLAINTEXT",
        "CONTROLLER_LISTENER_NAMES=CONTROLLER",
        "CONTROLLER_QUORUM_VOTERS=1@localhost:9093",
        "AUTO_CREATE_TOPICS_ENABLE=false",
        "OFFSETS_TOPIC_REPLICATION_FACTOR=1",
        "TRANSACTION_STATE_LOG_REPLICATION_FACTOR=1",
        "TRANSACTION_STATE_LOG_MIN_ISR=1",
        "GROUP_INITIAL_REBALANCE_DELAY_MS=0",
        "GROUP_MIN_SESSION_TIMEOUT_MS=1000",
        "MESSAGE_MAX_BYTES=8388608",
    }.SelectMany(variable => new[] { "--env", "KAFKA_" + variable });

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static async Task<(int Code, string Output)> RunAsync(TimeSpan limit, params string[] arguments)
    {
        var engine = System.Environment.GetEnvironmentVariable("CONTAINER_ENGINE") is { Length: > 0 } named ? named : "docker";
        try
        {
            using var process = Process.Start(new ProcessStartInfo(engine, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var output = process.StandardOutput.ReadToEndAsync();
            var error = process.StandardError.ReadToEndAsync();
            await process.WaitForExitAsync().WaitAsync(limit);
            return (process.ExitCode, process.ExitCode == 0 ? await output : await error);
        }
        catch (Exception e) when (e is Win32Exception or TimeoutException)
        {
            return (-1, string.Create(CultureInfo.InvariantCulture, $"{engine} {arguments[0]}: {e.Message}"));
        }
    }
}
