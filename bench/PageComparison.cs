using System.CommandLine;
using System.Diagnostics;
using StreamScorer;
using StreamScorer.Configure;
using StreamScorer.Operate;

namespace Bench;

/// <summary>What the console page costs: the worker as in <see cref="StreamComparison"/>, without the page, with a page nobody looks at, and with it open in a Chromium on the same cores.</summary>
internal static class PageComparison
{
    public static Command Create()
    {
        var posts = new Option<int>("--posts") { Description = "Posts a round", DefaultValueFactory = _ => 6_000 };
        var rounds = new Option<int>("--rounds") { Description = "Rounds of each side", DefaultValueFactory = _ => 5 };
        var model = new Option<string>("--model") { Description = "Model bundle; one with fewer and smaller layers for higher rates", DefaultValueFactory = _ => Samples.Bundle };
        var browser = new Option<string>("--browser") { Description = "Chromium", DefaultValueFactory = _ => Environment.GetEnvironmentVariable("CHROMIUM_PATH") ?? "chromium" };
        var command = new Command("page", "The worker with the console page open in a browser against without.") { posts, rounds, model, browser };
        command.SetAction((parsed, _) => RunAsync(parsed.GetValue(posts), parsed.GetValue(rounds), parsed.GetValue(model)!, parsed.GetValue(browser)!));
        return command;
    }

    private static async Task<int> RunAsync(int count, int rounds, string model, string browser)
    {
        using var feed = new Feed(Samples.Texts(count));
        var settings = new Settings
        {
            Model = new ModelOptions { Bundle = Path.GetFullPath(model) },
            Kafka = new KafkaOptions { BootstrapServers = feed.BootstrapServers },
            Operate = new OperateOptions { Url = "http://127.0.0.1:0", Texts = TextDisplay.Shown },
        };
        var off = settings with { Operate = settings.Operate with { Page = false } };
        await StreamComparison.StreamAsync(off, feed, count); // warm
        var (without, unseen, seen) = (new List<double>(), new List<double>(), new List<double>());
        for (var round = 1; round <= rounds; round++)
        {
            without.Add((await StreamComparison.StreamAsync(off, feed, count)).PerSecond);
            seen.Add((await StreamComparison.StreamAsync(settings, feed, count, worker => LookAsync(worker, browser))).PerSecond);
            unseen.Add((await StreamComparison.StreamAsync(settings, feed, count)).PerSecond);
            Console.Error.WriteLine(FormattableString.Invariant($"round {round}: without {without[^1]:F0}, open in a browser {seen[^1]:F0}, nobody looks {unseen[^1]:F0} posts/s"));
        }

        Console.WriteLine($"{Environment.ProcessorCount} cores, {Samples.Processor}, {Path.GetFileName(settings.Model.Bundle)}; {rounds} interleaved rounds of {count} posts");
        Console.WriteLine();
        Console.WriteLine("| | posts/s, median [min, max] | against without, median [min, max] of the rounds |");
        Console.WriteLine("|---|---|---|");
        StreamComparison.Row("worker without the page", without, without);
        StreamComparison.Row("with it, nobody looks", unseen, without);
        StreamComparison.Row("with it open in a browser on the same cores", seen, without);
        return 0;
    }

    /// <summary>Opens the page and waits until it listens, so that starting the browser is not measured.</summary>
    private static async Task<IDisposable?> LookAsync(Worker worker, string browser)
    {
        var profile = Directory.CreateTempSubdirectory("streamscorer-bench-");
        var start = new ProcessStartInfo(browser) { RedirectStandardError = true, RedirectStandardOutput = true };
        string[] root = Environment.UserName == "root" ? ["--no-sandbox"] : [];
        foreach (var argument in (string[])[.. root, "--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", $"--user-data-dir={profile.FullName}", "--remote-debugging-port=0", "--window-size=1280,900", worker.Url!])
        {
            start.ArgumentList.Add(argument);
        }

        var process = Process.Start(start)!;
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        for (var tries = 0; worker.Page!.Feed.Viewers == 0; tries++)
        {
            if (process.HasExited || tries == 600)
            {
                throw new InvalidOperationException($"The browser '{browser}' does not open {worker.Url}.");
            }

            await Task.Delay(100);
        }

        await Task.Delay(TimeSpan.FromSeconds(3)); // its own start is over by then
        return new Look(process, profile);
    }

    private sealed class Look(Process process, DirectoryInfo profile) : IDisposable
    {
        public void Dispose()
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
            process.Dispose();
            try
            {
                profile.Delete(recursive: true);
            }
            catch (IOException)
            {
                // A helper process that still ends may write there; the folder is a temporary one.
            }
        }
    }
}
