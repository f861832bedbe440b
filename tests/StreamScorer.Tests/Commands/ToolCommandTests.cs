using System.Diagnostics;
using System.Text;
using System.Text.Json;
using StreamScorer.Tests.EndToEnd;
using StreamScorer.Tests.Kafka;

namespace StreamScorer.Tests.Commands;

/// <summary>audit, dead-letters and backfill as a person or a script starts them.</summary>
public sealed class ToolCommandTests(RealKafkaFixture kafka)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Tools_ShouldGoTogether_FromAProofToAReplayAndABackfill()
    {
        var harness = await WorkerHarness.CreateAsync(await kafka.GetAsync(), partitions: 1);
        await harness.Kafka.ProduceAsync(harness.Input, [WorkerHarness.Post("k", "1", "a lovely day"), WorkerHarness.Raw("k", "{ secret words"), WorkerHarness.Post("k", "2", "another one")]);
        await harness.RunUntilAsync(scored: 2, deadLetters: 1);

        var (code, output, _) = await RunAsync(harness, "audit", "--group", "--json");
        Assert.Equal(0, code);
        var total = JsonDocument.Parse(output).RootElement.GetProperty("total");
        Assert.Equal((3, 2, 1, 0), (total.GetProperty("consumed").GetInt32(), total.GetProperty("scored").GetInt32(), total.GetProperty("dead_lettered").GetInt32(), total.GetProperty("missing").GetInt32()));

        (code, output, _) = await RunAsync(harness, "dead-letters", "list", "--reason", "not_json");
        Assert.Equal(0, code);
        Assert.Contains("1 dead letters: 1 not_json; 0 of them replayed.", output, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", output, StringComparison.Ordinal);
        Assert.Contains("{ secret words", (await RunAsync(harness, "dead-letters", "show", "0:0")).Output, StringComparison.Ordinal);
        Assert.Equal("{ secret words", (await RunAsync(harness, "dead-letters", "show", "0:0", "--raw")).Output);

        Assert.Contains("Replayed: 1.", (await RunAsync(harness, "dead-letters", "replay")).Output, StringComparison.Ordinal);
        Assert.Contains("Replayed: 0. Left out: 1 replayed before", (await RunAsync(harness, "dead-letters", "replay")).Output, StringComparison.Ordinal);
        Assert.Contains("1 of them replayed", (await RunAsync(harness, "dead-letters", "list")).Output, StringComparison.Ordinal);

        (code, output, _) = await RunAsync(harness, "audit");
        Assert.Equal(1, code);
        Assert.Contains("DIFFERENCE: 4 consumed = 2 scored + 1 dead-lettered + 0 filtered + 1 missing", output, StringComparison.Ordinal);
        Assert.Contains("partition 0, missing: offset 3", output, StringComparison.Ordinal);

        (code, output, var errors) = await RunAsync(harness, "backfill", "--from", "0:3");
        Assert.True(code == 0, errors);
        Assert.Equal("1 consumed = 0 scored + 1 dead-lettered + 0 filtered\n", output);
        (code, output, _) = await RunAsync(harness, "audit");
        Assert.Equal(0, code);
        Assert.Contains("Fine: 4 consumed = 2 scored + 2 dead-lettered + 0 filtered; each once, in order.", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Replay_ShouldSendTheSamplePostsToTheInputTopic()
    {
        var harness = await WorkerHarness.CreateAsync(await kafka.GetAsync());

        var (code, output, errors) = await RunAsync(harness, "replay", "--posts", "150", "--rate", "3000");

        Assert.True(code == 0, errors);
        Assert.Equal($"150 sent to '{harness.Input}', 0 of them not acknowledged.\n", output);
        Assert.Equal(150, (await harness.Kafka.ReadToEndAsync(harness.Input)).Count);
    }

    [Theory]
    [InlineData("--from yesterday: write an offset", "audit", "--from", "yesterday")]
    [InlineData("--to and --group both say", "audit", "--to", "5", "--group", "g")]
    [InlineData("No Kafka broker answered at 127.0.0.1:1", "audit")]
    [InlineData("read_comitted", "audit", "--isolation", "read_comitted")]
    [InlineData("'x' is no place in the dead-letter topic", "dead-letters", "show", "x")]
    [InlineData("--source x: write a partition", "dead-letters", "list", "--source", "x")]
    [InlineData("No Kafka broker answered at 127.0.0.1:1", "dead-letters", "replay")]
    [InlineData("Say where to begin: --from", "backfill")]
    [InlineData("No Kafka broker answered at 127.0.0.1:1", "backfill", "--from", "0")]
    [InlineData("No Kafka broker answered at 127.0.0.1:1", "replay")]
    [InlineData("--rate must be above 0", "replay", "--rate", "0")]
    public async Task Tools_ShouldSayWhatIsWrong_InOneLine_AndExitWithTwo(string expected, params string[] arguments)
    {
        var (code, output, errors) = await RunAsync([.. arguments, "--set", "Kafka:BootstrapServers=127.0.0.1:1", "--set", "Kafka:ConnectTimeout=00:00:01"]);

        Assert.Equal(2, code);
        Assert.Contains(expected, errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", errors + output, StringComparison.Ordinal);
    }

    private static Task<(int Code, string Output, string Errors)> RunAsync(WorkerHarness harness, params string[] arguments) => RunAsync(
    [
        .. arguments,
        .. new[]
        {
            $"Kafka:BootstrapServers={harness.Kafka.BootstrapServers}", $"Kafka:GroupId={harness.Input}", $"Consume:Topic={harness.Input}",
            $"Publish:ScoredTopic={harness.Scored}", $"Publish:FlaggedTopic={harness.Flagged}", $"Publish:DeadLetterTopic={harness.DeadLetters}",
        }.SelectMany(set => new[] { "--set", set }),
    ]);

    private static async Task<(int Code, string Output, string Errors)> RunAsync(string[] arguments)
    {
        using var program = Process.Start(new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "streamscorer.dll"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            WorkingDirectory = Path.GetTempPath(), // no appsettings.json of the checkout
        })!;
        var (output, errors) = (program.StandardOutput.ReadToEndAsync(), program.StandardError.ReadToEndAsync());
        try
        {
            await program.WaitForExitAsync().WaitAsync(Limit);
        }
        catch (TimeoutException)
        {
            program.Kill();
            throw;
        }

        return (program.ExitCode, await output, await errors);
    }
}
