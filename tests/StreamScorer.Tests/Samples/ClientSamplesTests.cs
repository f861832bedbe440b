using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Confluent.Kafka;
using StreamScorer.Demo;
using StreamScorer.Tests.EndToEnd;
using StreamScorer.Tests.Kafka;

namespace StreamScorer.Tests.Samples;

/// <summary>The samples as a newcomer runs them, with a worker between them, on every Kafka that tests know.</summary>
public abstract class ClientSamplesTests
{
    private const string Kind = "What a lovely day, thank you all so much for coming";
    private const string Vile = "I hate all of these immigrants, they are vermin and \"should\" be wiped out";

    [Fact]
    public async Task CSharp_ShouldSendPostsAndPrintTheFlaggedOne()
    {
        var harness = await WorkerHarness.CreateAsync(await KafkaAsync());
        var sent = await Sample.RunAsync($"ann\t{Kind}\nbob\t{Vile}\n", ["dotnet", "run", Sample.File("producer.cs"), "--", harness.Kafka.BootstrapServers, harness.Input]);
        Assert.True(sent.Code == 0, sent.Errors);

        var vile = await ScoreAsync(harness);
        var printed = await Sample.ReadLineAsync(["dotnet", "run", Sample.File("consumer.cs"), "--", harness.Kafka.BootstrapServers, harness.Flagged, harness.Flagged]);

        var id = vile.GetProperty("id").GetString();
        Assert.Contains(id, sent.Output.Split('\n').Select(line => line.Split('\t')[0]));
        Assert.Equal((0, $"{id}\tflag"), (printed.Code, string.Join('\t', printed.Line.Split('\t')[..2])));
        Assert.Matches("hate 0\\.9[0-9] >= 0\\.[0-9]{2}", printed.Line);
        Assert.NotEmpty(await harness.Kafka.CommittedAsync(harness.Flagged, harness.Flagged));
    }

    [Fact]
    public async Task Kcat_ShouldSendPostsAndPrintTheFlaggedOne()
    {
        Sample.SkipWithoutKcat();
        var harness = await WorkerHarness.CreateAsync(await KafkaAsync());
        var sent = await Sample.RunAsync($"ann\t{Json("1", Kind)}\nbob\t{Json("2", Vile)}\n", [Sample.File("produce.sh"), harness.Kafka.BootstrapServers, harness.Input]);
        Assert.True(sent.Code == 0, sent.Errors);

        await ScoreAsync(harness);
        var printed = await Sample.ReadLineAsync([Sample.File("consume.sh"), harness.Kafka.BootstrapServers, harness.Flagged, harness.Flagged]);

        Assert.StartsWith("2\tflag\t", printed.Line, StringComparison.Ordinal);
        Assert.Matches("hate 0\\.9[0-9]+ >= 0\\.[0-9]+", printed.Line);
    }

    internal abstract Task<TestKafka> KafkaAsync();

    /// <summary>Leaves in a topic what readers must not see, where Kafka knows of such things.</summary>
    internal virtual void Spoil(WorkerHarness harness)
    {
    }

    /// <summary>Runs a worker over both posts; whatever the producer, they have keys, and their trace goes on.</summary>
    /// <returns>The flagged one.</returns>
    private async Task<JsonElement> ScoreAsync(WorkerHarness harness)
    {
        Spoil(harness);
        await harness.RunUntilAsync(scored: 2, deadLetters: 0);
        var scored = await harness.Kafka.ReadToEndAsync(harness.Scored);
        Assert.Equal(["ann", "bob"], scored.Select(record => Encoding.UTF8.GetString(record.Message.Key!)).Order());
        Assert.All(scored, record => Assert.Matches("^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$", Encoding.UTF8.GetString(record.Message.Headers.GetLastBytes("traceparent"))));
        return JsonDocument.Parse(Assert.Single(await harness.Kafka.ReadToEndAsync(harness.Flagged)).Message.Value).RootElement;
    }

    private static string Json(string id, string text) => $$"""{"id":"{{id}}","text":{{JsonSerializer.Serialize(text)}}}""";
}

[Collection(nameof(Samples))] // one build of a sample at a time
public sealed class EmbeddedClientSamplesTests : ClientSamplesTests, IDisposable
{
    private readonly EmbeddedKafka _kafka = new();

    [Fact]
    public async Task Producer_ShouldTellWhatWasNotAcknowledged_AndExitWithOne()
    {
        _kafka.Broker.CreateTopic("denied", 1);
        _kafka.Broker.FailNext(BrokerRequest.Produce, ErrorCode.TopicAuthorizationFailed);

        var (code, output, errors) = await Sample.RunAsync("ann\thello\n", ["dotnet", "run", Sample.File("producer.cs"), "--", _kafka.BootstrapServers, "denied"]);

        Assert.Equal((1, ""), (code, output));
        Assert.Contains("may not have arrived: Broker: Topic authorization failed", errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Kcat_ShouldExitWithANumber_WhenAPostWasNotAcknowledged_OrALineIsNone()
    {
        Sample.SkipWithoutKcat();
        _kafka.Broker.CreateTopic("denied", 1);
        _kafka.Broker.FailNext(BrokerRequest.Produce, ErrorCode.TopicAuthorizationFailed);

        var denied = await Sample.RunAsync("ann\t{\"text\":\"hello\"}\n", [Sample.File("produce.sh"), _kafka.BootstrapServers, "denied"]);
        var torn = await Sample.RunAsync("{\"text\":\"hello\"}\n", [Sample.File("produce.sh"), _kafka.BootstrapServers, "denied"]);

        Assert.Equal(1, denied.Code);
        Assert.Contains("Topic authorization failed", denied.Errors, StringComparison.Ordinal);
        Assert.Equal(2, torn.Code);
        Assert.Contains("line 1: write AUTHOR, a tab, JSON", torn.Errors, StringComparison.Ordinal);
    }

    public void Dispose() => _kafka.Dispose();

    internal override Task<TestKafka> KafkaAsync() => Task.FromResult<TestKafka>(_kafka);
}

[Collection(nameof(Samples))]
public sealed class RealKafkaClientSamplesTests(RealKafkaFixture kafka) : ClientSamplesTests
{
    internal override async Task<TestKafka> KafkaAsync() => await kafka.GetAsync();

    /// <summary>In every partition a post that was never committed: readers must not see it.</summary>
    internal override void Spoil(WorkerHarness harness)
    {
        using var producer = harness.Kafka.Transactional();
        producer.BeginTransaction();
        for (var partition = 0; partition < 3; partition++)
        {
            producer.Produce(new TopicPartition(harness.Flagged, partition), new Message<byte[]?, byte[]?> { Value = """{"id":"aborted","decision":"flag","why":[]}"""u8.ToArray() });
        }

        producer.Flush(TestKafka.Limit);
        producer.AbortTransaction(TestKafka.Limit);
    }
}

public sealed class ClientSampleFilesTests
{
    [Theory]
    [InlineData("producer.cs")]
    [InlineData("consumer.cs")]
    [InlineData("produce.sh")]
    [InlineData("consume.sh")]
    public void File_ShouldBeShort_AndNameThePackageThatTheWorkerUses(string name)
    {
        var lines = File.ReadAllLines(Sample.File(name));
        var version = File.ReadLines(Repository.PathOf("Directory.Packages.props")).Single(line => line.Contains("\"Confluent.Kafka\"", StringComparison.Ordinal)).Split('"')[3];

        Assert.True(lines.Length < 40, $"{name} has {lines.Length} lines.");
        Assert.Equal(name.EndsWith(".cs", StringComparison.Ordinal) ? $"#:package Confluent.Kafka@{version}" : "#!/usr/bin/env bash", lines[0]);
    }
}

/// <summary>A sample as a process of its own.</summary>
internal static class Sample
{
    /// <summary>The first run of a C# sample builds it, on a machine that may be busy.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    public static string File(string name) => Repository.PathOf("samples", "clients", name);

    public static void SkipWithoutKcat()
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        foreach (var tool in new[] { "kcat", "jq" })
        {
            Assert.SkipUnless(folders.Any(folder => System.IO.File.Exists(Path.Combine(folder, tool))), $"{tool} is not on the path; install the Debian package {tool}.");
        }
    }

    public static async Task<(int Code, string Output, string Errors)> RunAsync(string input, string[] command)
    {
        using var process = Start(command);
        try
        {
            var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
            await process.WaitForExitAsync().WaitAsync(Limit);
            return (process.ExitCode, await output, await errors);
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }
    }

    /// <summary>Waits for the first line, and then ends the process: asks a program to, and kills a script, which would leave its pipeline behind.</summary>
    public static async Task<(int Code, string Line)> ReadLineAsync(string[] command)
    {
        using var process = Start(command);
        try
        {
            var errors = process.StandardError.ReadToEndAsync();
            var line = await process.StandardOutput.ReadLineAsync().WaitAsync(Limit) ?? throw new InvalidOperationException($"The sample ended without a line: {await errors}");
            if (command[0] == "dotnet")
            {
                using var kill = Process.Start("kill", ["-TERM", $"{process.Id}"]);
                await process.WaitForExitAsync().WaitAsync(Limit);
            }
            else
            {
                process.Kill(entireProcessTree: true);
                await process.WaitForExitAsync().WaitAsync(Limit);
            }

            return (process.ExitCode, line);
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }
    }

    private static Process Start(string[] command) => Process.Start(new ProcessStartInfo(command[0], command[1..])
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
        WorkingDirectory = Path.GetTempPath(),
    })!;
}
