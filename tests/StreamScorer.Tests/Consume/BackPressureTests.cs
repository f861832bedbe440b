using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Confluent.Kafka;
using Microsoft.Extensions.Logging.Abstractions;
using StreamScorer.Consume;
using StreamScorer.Operate;
using StreamScorer.Settle;
using StreamScorer.Tests.EndToEnd;
using StreamScorer.Tests.Kafka;

namespace StreamScorer.Tests.Consume;

/// <summary>Large posts and outputs that take nothing. On a real Kafka only: the embedded broker keeps but 5 MB of a partition.</summary>
public sealed class BackPressureTests(RealKafkaFixture kafka)
{
    private const int Megabyte = 1_000_000;
    private const int Posts = 150;

    [Fact]
    public async Task Consume_ShouldHoldNoMoreThanItsBounds_AndKeepItsPartitions_WhenNothingIsTaken()
    {
        var harness = await WorkerHarness.CreateAsync(await kafka.GetAsync());
        var settings = harness.Settings with
        {
            Consume = harness.Settings.Consume with { MaxBufferedBytes = 8 << 20, MaxBytesPerMicroBatch = 2 << 20 },
            Kafka = harness.Settings.Kafka with { Properties = new Dictionary<string, string> { ["max.poll.interval.ms"] = "6000", ["session.timeout.ms"] = "6000" } },
        };
        await harness.Kafka.ProduceAsync(harness.Input, Large());
        using var telemetry = new Telemetry(TimeProvider.System);
        var health = new HealthState(settings.Operate, TimeProvider.System);
        using var engine = Engine.Open(settings, telemetry, health, TimeProvider.System);
        using var consume = new ConsumeStage(settings, engine.Intake, new OffsetLedger(), telemetry, health, TimeProvider.System, NullLogger<ConsumeStage>.Instance);
        using var stop = new CancellationTokenSource();
        var run = engine.Pipeline.RunAsync(abort => consume.RunAsync(stop.Token, abort), (_, abort) => Task.Delay(Timeout.Infinite, abort), TimeSpan.FromMilliseconds(100), stop.Token);

        await WorkerHarness.UntilAsync(() => consume.Paused[PauseReasons.Bytes] == 3);
        var polled = TimeProvider.System.GetTimestamp();
        await WorkerHarness.UntilAsync(() => TimeProvider.System.GetElapsedTime(polled) > TimeSpan.FromSeconds(7)); // beyond max.poll.interval

        var (records, bytes) = engine.Intake.Waiting;
        var inFlight = telemetry.Read().Consumed;
        Assert.InRange(bytes, 4 << 20, (8 << 20) + Megabyte + 100);
        Assert.InRange(inFlight, 1, 4); // encode, one behind it, infer, and one behind it
        Assert.True(records + inFlight < Posts / 5);
        Assert.Equal((3, 0), (consume.Paused[PauseReasons.Bytes], consume.Paused[PauseReasons.Records]));
        await stop.CancelAsync();
        await Assert.ThrowsAsync<TimeoutException>(() => run.WaitAsync(WorkerHarness.Limit));
        Assert.Equal(0, await harness.CommittedAsync());
    }

    /// <summary>The whole process, librdkafka's queues among it, while a producer that waits for company of 100 MB gets no output accepted.</summary>
    [Fact]
    public async Task Worker_ShouldStayWithinItsMemory_AndSkipNothing_WhenAnOutputIsNotAccepted()
    {
        var harness = await WorkerHarness.CreateAsync(await kafka.GetAsync());
        var grown = await GrowthUntilPausedAsync(harness, ["Settle:Delivery=AtLeastOnce", "Kafka:Properties:batch.size=100000000", "Kafka:Properties:linger.ms=100000"]);

        Assert.InRange(grown, 1, 75L << 20); // measured: 28, 29 and 43; without bounds more than the 143 that come in
        Assert.Equal(0, await harness.CommittedAsync());
        Assert.Empty(await harness.Kafka.ReadToEndAsync(harness.Scored));
    }

    /// <summary>The same with a transaction that fills up: the brokers have granted its producer a kilobyte a second since it was begun.</summary>
    [Fact]
    public async Task Worker_ShouldStayWithinItsMemory_AndSkipNothing_WhenATransactionDoesNotGetOn()
    {
        var harness = await WorkerHarness.CreateAsync(await kafka.GetAsync());
        var client = TestKafka.Unique("throttled");
        string[] sets = ["Settle:Delivery=ExactlyOnce", "Settle:CommitInterval=00:00:30", "Settle:TransactionTimeout=00:01:00", $"Kafka:ClientId={client}"];
        var grown = await GrowthUntilPausedAsync(harness, sets, 2 * Posts, async () =>
        {
            // The first transaction is committed at once, the next one not before half a minute is over, or as much is in it as may be.
            await harness.Kafka.ProduceAsync(harness.Input, [WorkerHarness.Raw("first", "no JSON")]);
            await harness.Kafka.ReadAsync(harness.DeadLetters, 1);
            await KafkaScript.RunAsync("kafka-configs.sh", "--bootstrap-server", harness.Kafka.BootstrapServers, "--alter", "--entity-type", "clients", "--entity-name", client, "--add-config", "producer_byte_rate=1000");
        });

        Assert.InRange(grown, 1, 150L << 20); // measured: 96, 97 and 98; 603 with transactions of any size
        Assert.Equal((1, 1), (await harness.CommittedAsync(), (await harness.Kafka.ReadToEndAsync(harness.DeadLetters)).Count));
    }

    /// <summary>Bytes by which a worker grows over what it is at rest, from when large posts come until it has paused reading because its outputs are not accepted. Then it is killed.</summary>
    private static async Task<long> GrowthUntilPausedAsync(WorkerHarness harness, string[] sets, int posts = Posts, Func<Task>? first = null)
    {
        var address = FreeAddress();
        using var worker = Start(harness, [$"Operate:Url={address}", .. sets]);
        var log = new ConcurrentQueue<string>();
        worker.ErrorDataReceived += (_, line) => log.Enqueue(line.Data ?? "");
        worker.BeginErrorReadLine();
        using var http = new HttpClient();
        try
        {
            await WorkerHarness.UntilAsync(async () => worker.HasExited || (await MetricsAsync(http, address)).Contains("streamscorer_ready 1", StringComparison.Ordinal));
            var idle = Memory(worker, "VmRSS");
            await (first?.Invoke() ?? Task.CompletedTask);
            await harness.Kafka.ProduceAsync(harness.Input, Large(posts));
            await WorkerHarness.UntilAsync(async () => worker.HasExited || (await MetricsAsync(http, address)).Contains("streamscorer_paused_partitions{reason=\"output\"} 3", StringComparison.Ordinal));
            Assert.Contains("streamscorer_pauses_total{reason=\"output\"} 1\n", await MetricsAsync(http, address), StringComparison.Ordinal);
            await WorkerHarness.UntilAsync(() => worker.HasExited || log.Any(line => line.Contains("ConsumeStage[1020] Reading is paused: Kafka has not accepted the outputs", StringComparison.Ordinal)));
            var grown = Memory(worker, "VmHWM") - idle;
            TestContext.Current.TestOutputHelper!.WriteLine($"idle {idle >> 20} MiB, grown by {grown >> 20} MiB");
            return grown;
        }
        finally
        {
            worker.Kill();
            await worker.WaitForExitAsync();
            TestContext.Current.TestOutputHelper!.WriteLine(string.Join('\n', log));
        }
    }

    /// <summary>No JSON, so that they become dead letters as large as they are.</summary>
    private static IEnumerable<Message<byte[]?, byte[]?>> Large(int posts = Posts)
        => Enumerable.Range(0, posts).Select(i => new Message<byte[]?, byte[]?> { Key = Encoding.UTF8.GetBytes($"{i}"), Value = new byte[Megabyte] });

    private static Process Start(WorkerHarness harness, string[] more)
    {
        string[] sets =
        [
            "Operate:Enabled=true", "Consume:MaxBufferedBytes=8388608", "Consume:MaxBytesPerMicroBatch=2097152", $"Model:Bundle={Repository.DefaultBundle}", "Publish:MaxMessageBytes=100000000", .. more,
        ];
        return WorkerProgram.Start(["run", .. harness.Sets, .. sets.SelectMany(set => new[] { "--set", set })]);
    }

    private static string FreeAddress()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return $"http://{listener.LocalEndpoint}";
    }

    /// <summary>Empty while nobody answers there.</summary>
    private static async Task<string> MetricsAsync(HttpClient http, string address)
    {
        try
        {
            return await http.GetStringAsync($"{address}/metrics");
        }
        catch (HttpRequestException)
        {
            return "";
        }
    }

    private static long Memory(Process process, string field)
        => 1_024 * long.Parse(File.ReadLines($"/proc/{process.Id}/status").Single(line => line.StartsWith(field, StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2].Trim(), CultureInfo.InvariantCulture);
}
