using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging.Abstractions;
using StreamScorer.Operate;
using StreamScorer.Settle;
using StreamScorer.Tests.Deploy;
using StreamScorer.Tests.EndToEnd;
using StreamScorer.Tests.Kafka;

[assembly: AssemblyFixture(typeof(LivePage))]

namespace StreamScorer.Tests.Deploy;

/// <summary>
/// What a running worker really serves at /metrics: a worker on the embedded broker that has scored posts and rejected others, in transactions. Made once, when
/// a test first asks.
/// </summary>
public sealed partial class LivePage
{
    private readonly Lazy<Task<string>> _text = new(ServeAsync);

    /// <summary>Series by the name of their metric; each is its labels.</summary>
    internal async Task<ILookup<string, IReadOnlyDictionary<string, string>>> SeriesAsync()
        => Series().Matches(await _text.Value).ToLookup(
            series => series.Groups[1].Value,
            series => (IReadOnlyDictionary<string, string>)Label().Matches(series.Groups[2].Value).ToDictionary(label => label.Groups[1].Value, label => label.Groups[2].Value));

    private static async Task<string> ServeAsync()
    {
        using var kafka = new EmbeddedKafka();
        var harness = await WorkerHarness.CreateAsync(kafka);
        var settings = harness.Settings with
        {
            Operate = new OperateOptions { Url = "http://127.0.0.1:0" },
            Settle = harness.Settings.Settle with { Delivery = Delivery.ExactlyOnce },
        };
        await using var worker = await Worker.OpenAsync(settings, NullLoggerFactory.Instance, TimeProvider.System);
        using var stop = new CancellationTokenSource();
        var run = worker.RunAsync(stop.Token);
        await kafka.ProduceAsync(harness.Input, [WorkerHarness.Raw("a", """{"id":"1","text":"a first post","created_at":"2026-11-21T12:00:00Z"}"""), WorkerHarness.Raw("a", "no JSON"), WorkerHarness.Raw("b", value: null)]);
        await await Task.WhenAny(run, Task.WhenAll(kafka.ReadAsync(harness.Scored, 1), kafka.ReadAsync(harness.DeadLetters, 1)));

        using var client = new HttpClient();
        var text = await ScrapeAsync(client, worker.Url!).WaitAsync(WorkerHarness.Limit);
        await stop.CancelAsync();
        await run.WaitAsync(WorkerHarness.Limit);
        return text;
    }

    /// <summary>Until the outcomes are counted, which is a moment after they can be read, and the lag is known.</summary>
    private static async Task<string> ScrapeAsync(HttpClient client, string url)
    {
        while (true)
        {
            var text = await client.GetStringAsync(url + "/metrics");
            if (text.Contains("\nstreamscorer_transaction_commit_duration_seconds_count", StringComparison.Ordinal)
                && text.Contains("\nstreamscorer_record_end_to_end_seconds_count", StringComparison.Ordinal)
                && text.Contains("\nstreamscorer_consumer_lag_records{", StringComparison.Ordinal))
            {
                return text;
            }
        }
    }

    [GeneratedRegex(@"^(\w+)(?:\{(.*)\})? \S+$", RegexOptions.Multiline)]
    private static partial Regex Series();

    [GeneratedRegex("""
        (\w+)="((?:[^"\\]|\\.)*)"
        """)]
    private static partial Regex Label();
}
