using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace StreamScorer.Tests.Kafka;

/// <summary>One KRaft node run from a Kafka distribution, with a folder of its own under the temporary files.</summary>
internal sealed class KafkaProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(90);

    /// <summary>
    /// Runs the server until it ends or our end of standard input closes, which also happens when the tests are killed: no broker
    /// is left behind.
    /// </summary>
    private const string Guard = """
        exec 3<&0 2>/dev/null
        "$1" "$2" </dev/null >"$3" 2>&1 3<&- & server=$!
        cat <&3 >/dev/null & cat=$!
        wait -n "$server" "$cat"
        kill -9 "$server" "$cat"
        wait
        """;

    private readonly Process _guard;
    private readonly string _folder;

    private KafkaProcess(Process guard, string folder, RealKafka kafka, int[] securePorts)
        => (_guard, _folder, Kafka, SecurePorts) = (guard, folder, kafka, securePorts);

    public RealKafka Kafka { get; }

    /// <summary>In the order of <see cref="SecureListeners.Names"/>; without meaning where there are none.</summary>
    public int[] SecurePorts { get; }

    /// <param name="home">Folder with <c>bin/kafka-storage.sh</c> and <c>bin/kafka-server-start.sh</c>, Kafka 3.3 or newer.</param>
    /// <param name="secure">Listeners with TLS and users, beside the plain one.</param>
    /// <exception cref="InvalidOperationException">It does not start; the message names the log, which is kept.</exception>
    public static async Task<KafkaProcess> StartAsync(string home, SecureListeners? secure = null)
    {
        var server = KafkaScript.Find(home, "kafka-server-start.sh");
        var folder = Directory.CreateTempSubdirectory("streamscorer-kafka-").FullName;
        var ports = FreePorts(2 + SecureListeners.Names.Count);
        var port = ports[0];
        var configuration = Path.Combine(folder, "server.properties");
        await File.WriteAllTextAsync(configuration, secure is null
            ? Properties(Path.Combine(folder, "data"), port, ports[1], "", "", "")
            : Properties(Path.Combine(folder, "data"), port, ports[1], SecureListeners.Listeners(ports[2..]), SecureListeners.Protocols, secure.Properties));
        await FormatAsync(KafkaScript.Find(home, "kafka-storage.sh"), configuration, folder, secure is null ? [] : SecureListeners.Users);

        var log = Path.Combine(folder, "server.log");
        var guard = Process.Start(KafkaScript.Command(folder, ["-c", Guard, "guard", server, configuration, log]))!;
        var started = new KafkaProcess(guard, folder, new RealKafka($"127.0.0.1:{port}"), ports[2..]);
        try
        {
            await started.Kafka.WaitAsync(StartLimit, () => guard.HasExited ? "The broker ended." : null);
            return started;
        }
        catch (InvalidOperationException e)
        {
            await started.EndAsync();
            throw new InvalidOperationException($"The Kafka in KAFKA_HOME ({home}) did not start: {e.Message} Its log: {log}, ending with:\n{await TailAsync(log)}", e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task EndAsync()
    {
        _guard.StandardInput.Close();
        try
        {
            await _guard.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(15));
        }
        catch (TimeoutException)
        {
            _guard.Kill(entireProcessTree: true);
        }

        _guard.Dispose();
    }

    private static async Task FormatAsync(string storage, string configuration, string folder, string[] users)
    {
        // A cluster id is a UUID in base64url; one that begins with '-' would read as an option.
        var id = "S" + Convert.ToBase64String(Guid.NewGuid().ToByteArray()).Replace('+', '-').Replace('/', '_')[1..22];
        await KafkaScript.RunAsync(storage, folder, StartLimit, ["format", "-t", id, "-c", configuration, .. users]);
    }

    private static int[] FreePorts(int count)
    {
        // All open at once, else the system may give the same one twice.
        var listeners = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        listeners.ForEach(listener => listener.Start());
        var ports = listeners.ConvertAll(listener => ((IPEndPoint)listener.LocalEndpoint).Port);
        listeners.ForEach(listener => listener.Dispose());
        return [.. ports];
    }

    private static async Task<string> TailAsync(string log)
        => File.Exists(log) ? string.Join('\n', (await File.ReadAllLinesAsync(log)).TakeLast(20)) : "(no log)";

    /// <summary>Broker and controller in one, one copy of everything, groups without a start delay.</summary>
    private static string Properties(string data, int port, int controllerPort, string listeners, string protocols, string more) => $"""
        process.roles=broker,controller
        node.id=1
        listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controllerPort}{listeners}
        advertised.listeners=PLAINTEXT://127.0.0.1:{port}{listeners}
        listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT{protocols}
        inter.broker.listener.name=PLAINTEXT
        controller.listener.names=CONTROLLER
        controller.quorum.voters=1@127.0.0.1:{controllerPort}
        log.dirs={data}
        auto.create.topics.enable=false
        offsets.topic.replication.factor=1
        offsets.topic.num.partitions=5
        transaction.state.log.replication.factor=1
        transaction.state.log.min.isr=1
        transaction.state.log.num.partitions=5
        transaction.abort.timed.out.transaction.cleanup.interval.ms=500
        log.cleaner.backoff.ms=500
        group.initial.rebalance.delay.ms=0
        group.min.session.timeout.ms=1000
        message.max.bytes=8388608
        {more}
        """;
}
