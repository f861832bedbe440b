using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using StreamScorer.Tests.EndToEnd;
using StreamScorer.Tests.Kafka;

namespace StreamScorer.Tests.Commands;

/// <summary>The program as a person or a service manager starts it: exit codes, what goes to which output, signals.</summary>
public sealed class ProgramTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Run_ShouldDrainCommitAndExitWithZero_OnSigterm()
    {
        using var kafka = new EmbeddedKafka();
        var harness = await WorkerHarness.CreateAsync(kafka);
        await kafka.ProduceAsync(harness.Input, Enumerable.Range(0, 200).Select(i => WorkerHarness.Post($"k{i % 5}", $"{i}", $"post number {i}")));
        using var program = WorkerProgram.Start(["run", .. harness.Sets]);
        await kafka.ReadAsync(harness.Scored, 20, Limit);

        using (var kill = Process.Start("kill", ["-TERM", program.Id.ToString(CultureInfo.InvariantCulture)]))
        {
            await kill.WaitForExitAsync().WaitAsync(Limit);
        }

        var (code, output, errors) = await EndAsync(program);
        Assert.True(code == 0, errors);
        Assert.Empty(output); // standard output is for results; logs go to standard error
        Assert.Contains("everything that was read is settled and committed", errors, StringComparison.Ordinal);
        var scored = await kafka.ReadToEndAsync(harness.Scored);
        Assert.Equal(scored.Count, await harness.CommittedAsync());
    }

    [Theory]
    [InlineData(new[] { "run", "--model", "/nowhere" }, "The model bundle folder /nowhere does not exist")]
    [InlineData(new[] { "run", "--set", "Kafka:BootstrapServers=127.0.0.1:1", "--set", "Kafka:ConnectTimeout=00:00:01" }, "No Kafka broker answered at 127.0.0.1:1")]
    [InlineData(new[] { "run", "--set", "Kafak:X=1" }, "Kafak: there is no such section.")]
    [InlineData(new[] { "run", "--set", "nonsense" }, "write --set Section:Key=value")]
    [InlineData(new[] { "run", "--config", "/no/such.json" }, "The configuration file '/no/such.json' does not exist.")]
    [InlineData(new[] { "run", "--set", "Infer:Device=Cuda", "--set", "Infer:Gpu=63" }, "Device is Cuda, but ")]
    [InlineData(new[] { "score", "no-such.jsonl" }, "There is no file 'no-such.jsonl'")]
    [InlineData(new[] { "score", "--fromat" }, "There is no option '--fromat'.")]
    [InlineData(new[] { "scoer" }, "'scoer'")]
    public async Task Program_ShouldSayWhatIsWrong_AndExitWithTwo_WithoutAStackTrace(string[] arguments, string expected)
    {
        using var program = WorkerProgram.Start(arguments);

        var (code, _, errors) = await EndAsync(program);

        Assert.Equal(2, code);
        Assert.Contains(expected, errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_ShouldNameThePortAndTheOption_WhenThePortIsTaken()
    {
        using var kafka = new EmbeddedKafka();
        var harness = await WorkerHarness.CreateAsync(kafka);
        using var taken = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        taken.Start();
        var url = $"http://127.0.0.1:{((System.Net.IPEndPoint)taken.LocalEndpoint).Port}";
        using var program = WorkerProgram.Start(["run", .. harness.Sets, "--set", "Operate:Enabled=true", "--set", $"Operate:Url={url}"]);

        var (code, _, errors) = await EndAsync(program);

        Assert.Equal(2, code);
        Assert.Contains(url, errors, StringComparison.Ordinal);
        Assert.Contains("Operate:Url", errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Score_ShouldPrintOneObjectALine_InInputOrder_WithRejectsInTheirPlace()
    {
        using var program = WorkerProgram.Start(["score", "-"]);
        await program.StandardInput.WriteAsync("{\"id\":\"a\",\"text\":\"hello\"}\n{\"id\":\"b\"}\nnot json\n{\"id\":\"c\",\"text\":\"thank you all\",\"lang\":\"en\"}\n");
        program.StandardInput.Close();

        var (code, output, _) = await EndAsync(program);

        var lines = output.TrimEnd('\n').Split('\n').Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal(0, code);
        Assert.Equal(["a", "2", "3", "c"], lines.Select(line => line.GetProperty("id").GetString()));
        Assert.Equal("missing_text", lines[1].GetProperty("rejected").GetProperty("reason").GetString());
        Assert.Equal("not_json", lines[2].GetProperty("rejected").GetProperty("reason").GetString());
        Assert.Equal("en", lines[3].GetProperty("language").GetString());
        Assert.False(lines[3].TryGetProperty("source", out _));
    }

    [Fact]
    public async Task Score_ShouldReadALongTextWhole_WhenTheModelHasSegments()
    {
        var bundle = Directory.CreateTempSubdirectory("streamscorer-segments-").FullName;
        foreach (var file in Directory.GetFiles(Repository.PathOf("models", "minilm-moderation")))
        {
            File.Copy(file, Path.Combine(bundle, Path.GetFileName(file)));
        }

        var manifest = JsonNode.Parse(File.ReadAllText(Path.Combine(bundle, "manifest.json")))!;
        manifest["max_tokens"] = 32;
        manifest["segments"] = JsonNode.Parse("""{"overlap": 8, "most": 4, "aggregate": "max"}""");
        File.WriteAllText(Path.Combine(bundle, "manifest.json"), manifest.ToJsonString());
        using var program = WorkerProgram.Start(["score", "-", "--model", bundle, "--format", "Text"]);
        await program.StandardInput.WriteAsync($"{Words(70)}\n{Words(20)}\n{Words(700)}\n");
        program.StandardInput.Close();

        var (code, output, errors) = await EndAsync(program);
        Directory.Delete(bundle, recursive: true);

        Assert.True(code == 0, errors);
        var texts = output.TrimEnd('\n').Split('\n').Select(line => JsonDocument.Parse(line).RootElement.GetProperty("text")).ToList();
        Assert.Equal([(3, 92, false), (1, 22, false), (4, 128, true)], texts.Select(text => (text.GetProperty("segments").GetInt32(), text.GetProperty("tokens").GetInt32(), text.GetProperty("truncated").GetBoolean())));
        static string Words(int count) => string.Join(' ', Enumerable.Repeat("day", count));
    }

    [Fact]
    public async Task Score_ShouldStop_WhenNobodyReadsOn()
    {
        using var program = WorkerProgram.Start(["score", "-"]);
        program.StandardOutput.Close();
        var feeding = FeedAsync(program.StandardInput);

        await program.WaitForExitAsync().WaitAsync(Limit);
        await feeding; // ends only because the program has gone

        Assert.Equal(1, program.ExitCode);
        Assert.Empty(await program.StandardError.ReadToEndAsync());
    }

    [Fact]
    public async Task Score_ShouldLeaveTheRestOfTheInput_OnSigterm()
    {
        using var program = WorkerProgram.Start(["score", "-", "--format", "Text"]);
        var feeding = FeedAsync(program.StandardInput);
        await program.StandardOutput.ReadLineAsync().WaitAsync(Limit);

        using (var kill = Process.Start("kill", ["-TERM", program.Id.ToString(CultureInfo.InvariantCulture)]))
        {
            await kill.WaitForExitAsync().WaitAsync(Limit);
        }

        var (code, _, errors) = await EndAsync(program);
        await feeding;

        Assert.Equal(1, code);
        Assert.Contains("stopped by a signal", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Score_ShouldLeaveNothingInTheUsersHome()
    {
        // ONNX Runtime keeps a device id there and reports to its maker, unless it is told not to.
        var home = Directory.CreateTempSubdirectory("streamscorer-home-").FullName;
        using var program = WorkerProgram.Start(["score", "a text"], ("HOME", home), ("ORT_DISABLE_TELEMETRY", null));

        var (code, _, errors) = await EndAsync(program);

        Assert.True(code == 0, errors);
        Assert.Empty(Directory.EnumerateFiles(home, "*", SearchOption.AllDirectories));
        Directory.Delete(home, recursive: true);
    }

    [Fact]
    public async Task Check_ShouldReportEveryPart()
    {
        using var program = WorkerProgram.Start(["check", "--set", "Kafka:BootstrapServers=127.0.0.1:1", "--set", "Kafka:ConnectTimeout=00:00:01", "--set", "Operate:Enabled=false", "--model", "/nowhere"], ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317"));

        var (code, output, _) = await EndAsync(program);

        Assert.Equal(2, code);
        Assert.Equal(["ok    configuration", "FAULT bundle", "FAULT kafka", "ok    endpoint", "FAULT telemetry"], output.TrimEnd('\n').Split('\n').Select(line => line.Split(':')[0]));
    }

    [Fact]
    public async Task Check_ShouldShowEveryOptionAndItsOrigin_AndHideSecrets_AndWarnOfOneOnTheCommandLine()
    {
        using var program = WorkerProgram.Start(
            ["check", "--offline", "--show-config", "--set", "Kafka:Properties:ssl.key.password=hunter2", "--set", "Operate:Enabled=false"],
            ("STREAMSCORER__KAFKA__PROPERTIES__SASL_PASSWORD", "hunter2"), ("STREAMSCORER__CONSUME__TOPIC", "in"));

        var (code, output, errors) = await EndAsync(program);

        Assert.True(code == 0, errors);
        Assert.Contains("environment   Consume:Topic = in\n", output, StringComparison.Ordinal);
        Assert.Contains("default       Publish:ScoredTopic = posts.scored\n", output, StringComparison.Ordinal);
        Assert.Contains("environment   Kafka:Properties:sasl.password = ***\n", output, StringComparison.Ordinal);
        Assert.Contains("warning: Kafka:Properties:ssl.key.password is on the command line", errors, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", output + errors, StringComparison.Ordinal);
    }

    /// <summary>Endless posts, until nobody takes them.</summary>
    private static async Task FeedAsync(StreamWriter input)
    {
        try
        {
            for (var i = 0; ; i++)
            {
                await input.WriteLineAsync($"post number {i}");
            }
        }
        catch (IOException)
        {
            // The reader has gone.
        }
    }

    private static async Task<(int Code, string Output, string Errors)> EndAsync(Process program)
    {
        var output = program.StandardOutput.ReadToEndAsync();
        var errors = program.StandardError.ReadToEndAsync();
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
