using System.CommandLine;
using System.Diagnostics;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using StreamScorer;
using StreamScorer.Configure;
using StreamScorer.Consume;
using StreamScorer.Operate;
using StreamScorer.Settle;

namespace Bench;

/// <summary>
/// What it costs the stream that somebody looks: one worker under a backlog, whose console page is opened and closed again every few seconds in a Chromium on the same
/// cores. Short windows, because a shared machine's speed drifts; small micro-batches, because outcomes come in lumps of them.
/// </summary>
internal static class PageComparison
{
    private const int Backlog = 6_000;
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(4); // a browser that starts a tab is busy for as long

    public static Command Create()
    {
        var windows = new Option<int>("--windows") { Description = "Windows of each side", DefaultValueFactory = _ => 8 };
        var seconds = new Option<double>("--seconds") { Description = "Length of a window", DefaultValueFactory = _ => 6 };
        var model = new Option<string>("--model") { Description = "Model bundle; one with fewer and smaller layers for higher rates (default: the program's own)", DefaultValueFactory = _ => Samples.Bundle };
        var browser = new Option<string>("--browser") { Description = "Chromium", DefaultValueFactory = _ => Environment.GetEnvironmentVariable("CHROMIUM_PATH") ?? "chromium" };
        var command = new Command("page", "The worker with its console page open in a browser against without.") { windows, seconds, model, browser };
        command.SetAction((parsed, _) => RunAsync(parsed.GetValue(windows), TimeSpan.FromSeconds(parsed.GetValue(seconds)), parsed.GetValue(model)!, parsed.GetValue(browser)!));
        return command;
    }

    private static async Task<int> RunAsync(int windows, TimeSpan length, string model, string browserPath)
    {
        using var feed = new Feed(Samples.Texts(Samples.Unique));
        feed.Fill();
        var settings = new Settings
        {
            Model = new ModelOptions { Bundle = Path.GetFullPath(model) },
            Kafka = new KafkaOptions { BootstrapServers = feed.BootstrapServers, GroupId = "page" },
            Consume = new ConsumeOptions { Topic = feed.Topic, TargetMicroBatchDuration = TimeSpan.FromMilliseconds(100) },
            Settle = new SettleOptions { Delivery = Delivery.AtLeastOnce }, // the embedded broker has no transactions
            Operate = new OperateOptions { Url = "http://127.0.0.1:0", Texts = TextDisplay.Shown },
        };
        await using var worker = await Worker.OpenAsync(settings, NullLoggerFactory.Instance, TimeProvider.System);
        using var browser = await Browser.StartAsync(browserPath);
        using var stop = new CancellationTokenSource();
        var run = worker.RunAsync(stop.Token);
        var pump = PumpAsync(feed, worker, stop.Token);
        var (without, with, spent) = (new List<double>(), new List<double>(), TimeSpan.Zero);
        await RateAsync(worker, TimeSpan.FromSeconds(5)); // warm
        for (var window = 0; window < windows; window++)
        {
            // Turn and turn about, so that a drift favours neither.
            foreach (var looks in window % 2 == 0 ? new[] { false, true } : [true, false])
            {
                var tab = looks ? await browser.OpenAsync(worker.Url!) : null;
                await Task.Delay(Settle);
                spent -= looks ? browser.Spent() : TimeSpan.Zero;
                (looks ? with : without).Add(await RateAsync(worker, length));
                spent += looks ? browser.Spent() : TimeSpan.Zero;
                if (looks && worker.Page!.Feed.Viewers == 0)
                {
                    throw new InvalidOperationException("The browser did not look.");
                }

                await browser.CloseAsync(tab);
            }

            Console.Error.WriteLine(FormattableString.Invariant($"window {window + 1}: without {without[^1]:F0}, with {with[^1]:F0} posts/s"));
        }

        await stop.CancelAsync();
        await Task.WhenAll(run, pump);
        List<double> ratios = [.. with.Zip(without, (a, b) => a / b)];
        Console.WriteLine($"{Environment.ProcessorCount} cores, {Samples.Processor}, {worker.Engine.Bundle.Identity.Name}; {windows} windows of {length.TotalSeconds} s of each side, turn and turn about");
        Console.WriteLine(FormattableString.Invariant($"posts/s: without {Rates.Median(without):F0} [{without.Min():F0}, {without.Max():F0}], page open in a browser {Rates.Median(with):F0} [{with.Min():F0}, {with.Max():F0}]"));
        Console.WriteLine(FormattableString.Invariant($"ratio: {with.Sum() / without.Sum():F3} over all windows; of the pairs {Rates.Median(ratios):F3} [{ratios.Min():F3}, {ratios.Max():F3}]"));
        Console.WriteLine(FormattableString.Invariant($"the browser took {spent.TotalMilliseconds / (windows * length.TotalSeconds):F0} ms of processor time a second, {100 * spent.TotalSeconds / (windows * length.TotalSeconds * Environment.ProcessorCount):F1} % of the cores"));
        return 0;
    }

    private static async Task<double> RateAsync(Worker worker, TimeSpan length)
    {
        var (before, started) = (worker.Telemetry.Read().Outcomes, Stopwatch.GetTimestamp());
        await Task.Delay(length);
        return (worker.Telemetry.Read().Outcomes - before) / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    /// <summary>Keeps a backlog in the topic, which holds only so much.</summary>
    private static async Task PumpAsync(Feed feed, Worker worker, CancellationToken stop)
    {
        long sent = Samples.Unique;
        while (!stop.IsCancellationRequested)
        {
            while (sent - worker.Telemetry.Read().Outcomes < Backlog)
            {
                feed.Append();
                sent += Samples.Unique;
            }

            await Task.Delay(100, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>A Chromium whose tabs are opened and closed over its own HTTP interface.</summary>
    private sealed class Browser(Process process, DirectoryInfo profile, HttpClient client) : IDisposable
    {
        public static async Task<Browser> StartAsync(string path)
        {
            var profile = Directory.CreateTempSubdirectory("streamscorer-bench-");
            var start = new ProcessStartInfo(path) { RedirectStandardError = true };
            string[] root = Environment.UserName == "root" ? ["--no-sandbox"] : [];
            foreach (var argument in (string[])[.. root, "--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", $"--user-data-dir={profile.FullName}", "--remote-debugging-port=0", "--window-size=1280,900", "about:blank"])
            {
                start.ArgumentList.Add(argument);
            }

            const string Listening = "DevTools listening on ws:";
            var address = new TaskCompletionSource<Uri>();
            var process = Process.Start(start)!;
            process.ErrorDataReceived += (_, news) =>
            {
                if (news.Data?.StartsWith(Listening, StringComparison.Ordinal) == true)
                {
                    address.TrySetResult(new Uri("http:" + news.Data[Listening.Length..]));
                }
            };
            process.BeginErrorReadLine();
            return new Browser(process, profile, new HttpClient { BaseAddress = await address.Task.WaitAsync(TimeSpan.FromSeconds(60)) });
        }

        public async Task<string> OpenAsync(string url)
        {
            using var answer = await client.PutAsync($"/json/new?{url}", null);
            return (string)JsonNode.Parse(await answer.EnsureSuccessStatusCode().Content.ReadAsStringAsync())!["id"]!;
        }

        public async Task CloseAsync(string? tab)
        {
            if (tab is not null)
            {
                await client.GetStringAsync($"/json/close/{tab}");
            }
        }

        /// <summary>Processor time of all its processes so far.</summary>
        public TimeSpan Spent()
        {
            var sum = TimeSpan.Zero;
            foreach (var any in Process.GetProcesses())
            {
                using (any)
                {
                    try
                    {
                        sum += File.ReadAllText($"/proc/{any.Id}/cmdline").Contains(profile.FullName, StringComparison.Ordinal) ? any.TotalProcessorTime : TimeSpan.Zero;
                    }
                    catch (Exception e) when (e is IOException or InvalidOperationException or UnauthorizedAccessException or System.ComponentModel.Win32Exception)
                    {
                        // It ended meanwhile, or is another user's.
                    }
                }
            }

            return sum;
        }

        public void Dispose()
        {
            client.Dispose();
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
