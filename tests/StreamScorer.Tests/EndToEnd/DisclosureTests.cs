using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Logging;
using StreamScorer.Configure;
using StreamScorer.Operate;
using StreamScorer.Tests.Infer;
using StreamScorer.Tests.Kafka;

namespace StreamScorer.Tests.EndToEnd;

/// <summary>Nothing of a text and nothing of a secret leaves the program, but in the records that it is made to write.</summary>
public sealed class DisclosureTests(SecureKafkaFixture fixture)
{
    private const string Marker = "zqxmarker";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>A post, and everything that is none, each with the marker where a careless message would quote it.</summary>
    private static readonly byte[][] Values =
    [
        .. new[]
        {
            $$"""{"id":"1","text":"an ordinary {{Marker}} post"}""",
            $$"""{"id":"2","text":"I hate all of these {{Marker}} immigrants, they are vermin and should be wiped out"}""",
            $"{Marker} is not JSON",
            $$"""{"id":"3","text":"{{Marker}}",}""",
            $$"""{"text":["{{Marker}}"]}""",
            $$"""{"body":"{{Marker}}"}""",
            $$"""{"text":"\ud800 {{Marker}}"}""",
            $$"""{"text":"{{Marker}}{{new string('x', 70_000)}}"}""",
            $"\"{Marker}\"{new string('[', 1_000)}",
        }.Select(Encoding.UTF8.GetBytes),
        [.. "{\"text\":\""u8, 0xC3, 0x28, .. Encoding.UTF8.GetBytes(Marker), .. "\"}"u8],
    ];

    [Theory]
    [InlineData("PLAIN")]
    [InlineData("OAUTHBEARER")]
    public async Task Run_ShouldPrintAndServeNeitherTextNorSecret_WhateverItIsTold(string mechanism)
    {
        var kafka = await fixture.GetAsync();
        var harness = await WorkerHarness.CreateAsync(kafka.Plain, partitions: 1);
        var token = kafka.WriteToken(TimeSpan.FromMinutes(10));
        var url = FreeUrl();
        using var program = Start(harness, mechanism == "PLAIN" ? kafka.WithPassword(mechanism) : kafka.WithToken(token), url);
        var (output, errors) = (program.StandardOutput.ReadToEndAsync(), program.StandardError.ReadToEndAsync());

        await kafka.Plain.ProduceAsync(harness.Input, Values.Select(value => new Message<byte[]?, byte[]?> { Key = "author-1"u8.ToArray(), Value = value }));
        await await Task.WhenAny(Task.WhenAll(kafka.Plain.ReadAsync(harness.Scored, 2, Limit), kafka.Plain.ReadAsync(harness.DeadLetters, Values.Length - 2, Limit)), EndedAsync(program, errors));
        using var client = new HttpClient { BaseAddress = new Uri(url), Timeout = Limit };
        var pages = await Task.WhenAll(new[] { "/metrics", "/health/ready", "/health/live", $"/{Marker[..3]}" }.Select(async path => await (await client.GetAsync(new Uri(path, UriKind.Relative))).Content.ReadAsStringAsync()));
        await RefuseAsync(kafka.Plain, harness.DeadLetters);
        await kafka.Plain.ProduceAsync(harness.Input, [WorkerHarness.Raw("author-2", $"{Marker} {new string('x', 200)}")]);
        await program.WaitForExitAsync().WaitAsync(Limit);

        var said = string.Join('\n', [await output, await errors, .. pages]);
        Assert.Equal(1, program.ExitCode);
        Assert.Contains("Raise max.message.bytes", said, StringComparison.Ordinal); // the output failed, as it should
        Assert.Contains("streamscorer_dead_letters_total{reason=\"not_json\"} ", said, StringComparison.Ordinal);
        Assert.Contains("SASL", said, StringComparison.Ordinal); // the client did talk about its connection
        Assert.DoesNotContain(Marker, said, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(SecureListeners.Password, said, StringComparison.Ordinal);
        Assert.DoesNotContain((await File.ReadAllTextAsync(token)).Split('.')[1], said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Worker_ShouldLogAndServeNothingOfThePost_ThatTheModelFailsOn()
    {
        const string Poison = "mosquito"; // one token of the vocabulary
        using var kafka = new EmbeddedKafka();
        var harness = await WorkerHarness.CreateAsync(kafka, partitions: 1);
        using var lines = new CollectedLog();
        using var loggers = LoggerFactory.Create(builder => builder.SetMinimumLevel(LogLevel.Trace).AddProvider(lines));
        var token = TestPipeline.Encoder(TestPipeline.Bundle.Manifest).Encode(Encoding.UTF8.GetBytes(Poison), new int[16]).Ids.Span[1];
        var settings = harness.Settings with { Operate = new OperateOptions { Url = "http://127.0.0.1:0" } };
        await using var worker = await Worker.OpenAsync(settings, loggers, TimeProvider.System, scorer => new PoisonedScorer(scorer, token));
        using var stop = new CancellationTokenSource();
        var run = worker.RunAsync(stop.Token);

        await kafka.ProduceAsync(harness.Input, [WorkerHarness.Post("a", "1", "hello"), WorkerHarness.Post("a", "2", Poison)]);
        await await Task.WhenAny(run, kafka.ReadAsync(harness.DeadLetters, 1, Limit));
        await stop.CancelAsync();
        await run.WaitAsync(Limit);
        using var client = new HttpClient { Timeout = Limit };
        var page = await client.GetStringAsync(new Uri($"{worker.Url}/metrics")); // once all is counted, which is a moment after a dead letter can be read

        Assert.Contains("streamscorer_dead_letters_total{reason=\"inference\"} 1", page, StringComparison.Ordinal);
        Assert.NotEmpty(lines.Text);
        Assert.DoesNotContain(Poison, lines.Text + page, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("-", null)]
    [InlineData("rejects.jsonl", null)]
    [InlineData("no-header.csv", "zqxmarker is what somebody said,2\nand zqxmarker again,3\n")]
    [InlineData("odd.csv", "id,text\n1,\"an open quote zqxmarker\n2,zqxmarker \"quoted\" inside\n3,too,many,zqxmarker\n4\n")]
    public async Task Score_ShouldSayNothingOfTheTexts_OnStandardError(string input, string? content)
    {
        var folder = Directory.CreateTempSubdirectory("streamscorer-score-").FullName;
        var values = content is null ? [.. Values.SelectMany(value => value.Append((byte)'\n'))] : Encoding.UTF8.GetBytes(content);
        var file = Path.Combine(folder, input);
        await File.WriteAllBytesAsync(file, values);
        using var program = WorkerProgram.Start(["score", input == "-" ? input : file, "--format", input.EndsWith(".csv", StringComparison.Ordinal) ? "Csv" : "Json", "--set", "Logging:LogLevel:Default=Trace"]);
        var (output, errors) = (program.StandardOutput.ReadToEndAsync(), program.StandardError.ReadToEndAsync());
        if (input == "-")
        {
            await program.StandardInput.BaseStream.WriteAsync(values);
        }

        program.StandardInput.Close();
        await program.WaitForExitAsync().WaitAsync(Limit);
        Directory.Delete(folder, recursive: true);

        Assert.DoesNotContain(Marker, await errors, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(Marker, await output, StringComparison.OrdinalIgnoreCase);
    }

    private static Process Start(WorkerHarness harness, KafkaOptions connection, string url)
    {
        var sets = new Dictionary<string, string>
        {
            ["Kafka:BootstrapServers"] = connection.BootstrapServers,
            ["Kafka:GroupId"] = harness.Settings.Kafka.GroupId,
            ["Consume:Topic"] = harness.Input,
            ["Publish:ScoredTopic"] = harness.Scored,
            ["Publish:FlaggedTopic"] = harness.Flagged,
            ["Publish:DeadLetterTopic"] = harness.DeadLetters,
            ["Operate:Url"] = url,
            ["Logging:LogLevel:Default"] = "Trace",
            ["Kafka:Properties:debug"] = "all",
        };
        foreach (var (key, value) in connection.Properties.Where(property => property.Key != "sasl.password"))
        {
            sets[$"Kafka:Properties:{key}"] = value;
        }

        if (connection.TokenFile is not null)
        {
            sets["Kafka:TokenFile"] = connection.TokenFile;
        }

        return WorkerProgram.Start(["run", .. sets.SelectMany(set => new[] { "--set", $"{set.Key}={set.Value}" })], ("STREAMSCORER__KAFKA__PROPERTIES__SASL_PASSWORD", connection.Properties.GetValueOrDefault("sasl.password")));
    }

    private static async Task EndedAsync(Process program, Task<string> errors)
    {
        await program.WaitForExitAsync();
        Assert.Fail($"The program ended with {program.ExitCode}: {await errors}");
    }

    /// <summary>From now on the topic takes nothing.</summary>
    private static async Task RefuseAsync(RealKafka kafka, string topic)
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = kafka.BootstrapServers }).SetLogHandler((_, _) => { }).Build();
        await admin.IncrementalAlterConfigsAsync(new Dictionary<ConfigResource, List<ConfigEntry>>
        {
            [new ConfigResource { Type = ResourceType.Topic, Name = topic }] = [new ConfigEntry { Name = "max.message.bytes", Value = "1", IncrementalOperation = AlterConfigOpType.Set }],
        });
    }

    private static string FreeUrl()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");
    }
}

/// <summary>Everything that is logged, exceptions included.</summary>
internal sealed class CollectedLog : ILoggerProvider, ILogger
{
    private readonly ConcurrentQueue<string> _lines = [];

    public string Text => string.Join('\n', _lines);

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        => _lines.Enqueue($"{formatter(state, exception)} {exception}");

    public void Dispose()
    {
    }
}
