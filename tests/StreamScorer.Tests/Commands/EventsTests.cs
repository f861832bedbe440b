using System.Diagnostics;
using System.Text.Json.Nodes;
using StreamScorer.Tests.EndToEnd;
using StreamScorer.Tests.Kafka;

namespace StreamScorer.Tests.Commands;

/// <summary>With JSON nothing but JSON, one object a line, from the first line to the last.</summary>
public sealed class EventsTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Run_ShouldTellEverythingAsJson_FromStartToStop()
    {
        using var kafka = new EmbeddedKafka();
        var harness = await WorkerHarness.CreateAsync(kafka);
        using var program = WorkerProgram.Start(["run", .. harness.Sets, "--set", "Operate:LogFormat=Json", "--set", "Operate:StatusInterval=00:00:01", "--set", "Otlp:Headers=a=hidden"]);
        var events = new List<JsonNode>();
        while (await program.StandardError.ReadLineAsync().WaitAsync(Limit) is { } line)
        {
            events.Add(JsonNode.Parse(line)!);
            if (events.Count(e => Id(e) == 1207) == 1 && Id(events[^1]) == 1207)
            {
                using var kill = Process.Start("kill", ["-TERM", $"{program.Id}"]);
            }
        }

        await program.WaitForExitAsync().WaitAsync(Limit);

        Assert.Equal(0, program.ExitCode);
        Assert.Equal([1210, 1201, 1202, 1010, 1205, 1208, 1011, 1203], events.Select(Id).Where(id => id != 1207));
        var serving = events.Single(e => Id(e) == 1201);
        Assert.Equal(("Information", "StreamScorer.Worker", "minilm-moderation"), ((string?)serving["LogLevel"], (string?)serving["Category"], (string?)serving["State"]!["Model"]));
        Assert.True(DateTimeOffset.TryParse((string?)serving["Timestamp"], out _));
        Assert.DoesNotContain(events, e => e.ToJsonString().Contains("hidden", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Run_ShouldTellItsFailureAsItsLastEvent()
    {
        using var program = WorkerProgram.Start(["run", "--model", "/nowhere", "--set", "Operate:LogFormat=Json"]);
        var errors = await program.StandardError.ReadToEndAsync().WaitAsync(Limit);
        await program.WaitForExitAsync().WaitAsync(Limit);

        var last = JsonNode.Parse(Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries)))!;
        Assert.Equal((2, 1209, "Critical"), (program.ExitCode, Id(last), (string?)last["LogLevel"]));
        Assert.Contains("The model bundle folder /nowhere does not exist", (string?)last["Message"], StringComparison.Ordinal);
    }

    private static int Id(JsonNode e) => (int)e["EventId"]!;
}
