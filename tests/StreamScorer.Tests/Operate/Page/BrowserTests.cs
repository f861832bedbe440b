using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using StreamScorer.Configure;
using StreamScorer.Operate;
using StreamScorer.Operate.Page;
using StreamScorer.Tests.EndToEnd;
using StreamScorer.Tests.Kafka;

namespace StreamScorer.Tests.Operate.Page;

/// <summary>The page as a person has it: in a real Chromium, on a real worker.</summary>
public sealed class BrowserTests
{
    private const string Vile = "I hate all of these immigrants, they are vermin and should be wiped out";

    [Fact]
    public async Task Page_ShouldShowTheStreamLive_AndScoreATextInTheBox()
    {
        await using var chromium = await Chromium.StartAsync();
        using var kafka = new EmbeddedKafka();
        var harness = await WorkerHarness.CreateAsync(kafka);
        var settings = harness.Settings with { Operate = new OperateOptions { Url = "http://127.0.0.1:0", Texts = TextDisplay.Shown } };
        await using var worker = await Worker.OpenAsync(settings, NullLoggerFactory.Instance, TimeProvider.System);
        using var stop = new CancellationTokenSource();
        var run = worker.RunAsync(stop.Token);

        await chromium.OpenAsync(worker.Url!);
        await chromium.WaitForAsync("document.querySelector('#state')?.dataset.state === 'live' && document.querySelector('#sum-consumed').textContent === '0'");
        await kafka.ProduceAsync(harness.Input,
        [
            .. Enumerable.Range(0, 20).Select(i => WorkerHarness.Post("a", $"kind-{i}", "What a lovely day, thank you all so much for coming")),
            WorkerHarness.Post("b", "vile", $"<img src=x onerror='hacked=1'><script>hacked=1</script> {Vile}"),
            WorkerHarness.Raw("c", "<b onmouseover='hacked=1'>not json</b>"),
            WorkerHarness.Raw("d", null),
        ]);

        await chromium.WaitForAsync("document.querySelector('#sum-consumed').textContent === '23' && document.querySelector('#sum-flight').textContent === '0'");
        Assert.Equal(["1", "1"], await chromium.EvaluateAsync<string[]>("['dead', 'filtered'].map(name => document.querySelector('#sum-' + name).textContent)"));
        await chromium.WaitForAsync("document.querySelectorAll('#flagged tr').length === 1 && document.querySelectorAll('#dead tr').length === 1");
        await chromium.WaitForAsync("document.querySelector('#now-rate').textContent !== '0.0' && document.querySelector('#now-p50').textContent !== '– '");
        Assert.Contains($"<img src=x onerror='hacked=1'><script>hacked=1</script> {Vile}", await chromium.EvaluateAsync<string>("document.querySelector('#flagged').innerText"), StringComparison.Ordinal);
        Assert.Contains("<b onmouseover='hacked=1'>not json</b>", await chromium.EvaluateAsync<string>("document.querySelector('#dead').innerText"), StringComparison.Ordinal);
        Assert.True(await chromium.EvaluateAsync<bool>("typeof hacked === 'undefined' && document.querySelectorAll('#flagged img, #flagged script, #dead b').length === 0"));

        await chromium.EvaluateAsync<bool>("document.querySelector('#text').focus() ?? true");
        await chromium.TypeAsync($"<i>{Vile}</i>");
        await chromium.PressAsync("Enter", 13, modifiers: 2);
        await chromium.WaitForAsync("document.querySelector('#result .badge') !== null");
        Assert.NotEqual("allow", await chromium.EvaluateAsync<string>("document.querySelector('#result .badge').textContent"));
        Assert.Equal(["<", "i", ">", "i"], await chromium.EvaluateAsync<string[]>("[...document.querySelectorAll('.tokens li')].slice(0, 4).map(token => token.textContent)"));
        Assert.Equal(3, await chromium.EvaluateAsync<int>("document.querySelectorAll('#scores section').length"));

        Assert.Empty(chromium.Faults);
        Assert.All(chromium.Requests, url => Assert.StartsWith(worker.Url!, url, StringComparison.Ordinal));
        await stop.CancelAsync();
        await run;
    }

    [Fact]
    public async Task Page_ShouldServeKeyboardScreenReaderAndPhone_AndComeBack_WhenTheWorkerDoes()
    {
        await using var chromium = await Chromium.StartAsync();
        using var telemetry = new Telemetry(TimeProvider.System);
        var health = new HealthState(new OperateOptions(), TimeProvider.System);
        var settings = new Settings { Operate = new OperateOptions { Url = "http://127.0.0.1:0" }, Model = new ModelOptions { Bundle = Repository.DefaultBundle } };
        using var engine = Engine.Open(settings, telemetry, health, TimeProvider.System);
        string url;
        await using (var page = ConsolePage.Open(settings, engine, telemetry, health, TimeProvider.System)!)
        {
            await using var endpoint = (await OperateEndpoint.StartAsync(settings.Operate, telemetry, health, page))!;
            url = endpoint.Url;
            await chromium.OpenAsync(url);
            await chromium.WaitForAsync("document.querySelector('#state')?.dataset.state === 'warn' && document.querySelector('#faults').textContent.includes('assignment')");
            await HoldsForEverybody(chromium);
            await page.DisposeAsync();
        }

        await chromium.WaitForAsync("document.querySelector('#state').dataset.state === 'lost'");
        await using var again = ConsolePage.Open(settings, engine, telemetry, health, TimeProvider.System)!;
        await using var back = (await OperateEndpoint.StartAsync(settings.Operate with { Url = url }, telemetry, health, again))!;
        await chromium.WaitForAsync("document.querySelector('#state').dataset.state === 'warn'");
    }

    private static async Task HoldsForEverybody(Chromium chromium)
    {
        await chromium.PressAsync("Tab", 9);
        Assert.Equal("Skip to the figures", await chromium.EvaluateAsync<string>("document.activeElement.textContent"));
        await chromium.PressAsync("Tab", 9);
        Assert.Equal("pause", await chromium.EvaluateAsync<string>("document.activeElement.id"));

        var tree = (await chromium.SendAsync("Accessibility.getFullAXTree"))["nodes"]!.AsArray().Where(node => node!["ignored"] is null || !(bool)node["ignored"]!).ToList();
        List<string> Names(string role) => [.. tree.Where(node => (string?)node!["role"]?["value"] == role).Select(node => (string?)node!["name"]?["value"] ?? "")];
        Assert.Single(Names("main"));
        Assert.Equal(["Text of a post"], Names("textbox"));
        Assert.All((string[])["button", "region", "table", "heading", "img", "link", "image"], role => Assert.All(Names(role), name => Assert.False(string.IsNullOrWhiteSpace(name), $"a {role} without a name")));
        Assert.Contains(Names("region"), name => name == "Latest flagged posts");

        foreach (var width in new[] { 320, 390, 768, 1280 })
        {
            await chromium.SendAsync("Emulation.setDeviceMetricsOverride", new JsonObject { ["width"] = width, ["height"] = 844, ["deviceScaleFactor"] = 1, ["mobile"] = width < 500 });
            Assert.True(await chromium.EvaluateAsync<int>("document.documentElement.scrollWidth") <= width, $"the page is wider than {width} pixels");
        }
    }
}
