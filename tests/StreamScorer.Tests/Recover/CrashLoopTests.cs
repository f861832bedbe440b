using System.Diagnostics;
using System.Globalization;
using System.Text;
using StreamScorer.Publish;
using StreamScorer.Tests.EndToEnd;
using StreamScorer.Tests.Kafka;

namespace StreamScorer.Tests.Recover;

public sealed class CrashLoopTests
{
    private const int Posts = 60;
    private const int Killer = 23;

    [Fact]
    public async Task Worker_ShouldGetPastAPostThatKillsItsProcess()
    {
        using var kafka = new EmbeddedKafka();
        var harness = await WorkerHarness.CreateAsync(kafka, partitions: 1);
        var folder = Path.Combine(Path.GetTempPath(), harness.Input);
        await kafka.ProduceAsync(harness.Input, Enumerable.Range(0, Posts).Select(i => WorkerHarness.Post("a", $"{i}", i == Killer ? "mosquito" : $"post number {i}")));
        var arrived = Task.WhenAll(kafka.ReadAsync(harness.DeadLetters, 1, WorkerHarness.Limit), kafka.ReadAsync(harness.Scored, Posts - 1, WorkerHarness.Limit));

        var crashes = 0;
        using var last = await StartUntilItLivesAsync();
        using var term = Process.Start("kill", ["-TERM", last.Id.ToString(CultureInfo.InvariantCulture)]);
        await last.WaitForExitAsync().WaitAsync(WorkerHarness.Limit);

        Assert.Equal((0, 3), (last.ExitCode, crashes)); // one in company, two alone
        Assert.Equal(Posts, await harness.CommittedAsync());
        var letter = Assert.Single(await kafka.ReadToEndAsync(harness.DeadLetters)).Message;
        Assert.Equal("crash_loop", Encoding.UTF8.GetString(letter.Headers.GetLastBytes(Outcomes.HeaderReason)));
        Assert.Equal(Killer.ToString(CultureInfo.InvariantCulture), Encoding.UTF8.GetString(letter.Headers.GetLastBytes(Outcomes.HeaderOffset)));
        Assert.Empty(Directory.GetFiles(folder));
        Directory.Delete(folder);

        async Task<Process> StartUntilItLivesAsync()
        {
            for (; crashes < 10; crashes++)
            {
                var worker = Start(harness, folder);
                await await Task.WhenAny(worker.WaitForExitAsync().WaitAsync(WorkerHarness.Limit), arrived);
                if (!worker.HasExited)
                {
                    return worker;
                }

                Assert.Equal(128 + 9, worker.ExitCode);
                worker.Dispose();
            }

            throw new TimeoutException("The worker died ten times.");
        }
    }

    private static Process Start(WorkerHarness harness, string folder)
    {
        var mosquito = TestPipeline.Encoder(TestPipeline.Bundle.Manifest).Encode("mosquito"u8, new int[16]).Ids.Span[1];
        string[] sets =
        [
            .. harness.Sets.Where(set => set != "--set"),
            $"Model:Bundle={Repository.DefaultBundle}", $"Recover:Folder={folder}", "Recover:Restarts=1",
            "Kafka:Properties:session.timeout.ms=1000", "Kafka:Properties:heartbeat.interval.ms=100", // the group notices a death soon
        ];
        return Process.Start(new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "CrashHost.dll"), mosquito.ToString(CultureInfo.InvariantCulture), .. sets]) { WorkingDirectory = Path.GetTempPath() })!;
    }
}
