using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace StreamScorer.Tests.Operate.Page;

/// <summary>
/// A headless Chromium with one tab, driven by the DevTools protocol. The usual driver packages bring a browser driver for every platform along, 800 MB unpacked; the few
/// commands that a test needs are these.
/// </summary>
internal sealed class Chromium : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome"];

    private readonly Process _process;
    private readonly string _profile;
    private readonly ClientWebSocket _socket = new();
    private readonly ConcurrentDictionary<int, TaskCompletionSource<JsonNode>> _asked = new();
    private readonly ConcurrentQueue<string> _faults = new();
    private readonly ConcurrentQueue<string> _requests = new();
    private Task _reading = Task.CompletedTask;
    private string? _session;
    private int _lastId;

    private Chromium(Process process, string profile) => (_process, _profile) = (process, profile);

    /// <summary>Errors on the page's console, and scripts that ended in one.</summary>
    public IReadOnlyCollection<string> Faults => _faults;

    /// <summary>Every address the page asked for.</summary>
    public IReadOnlyCollection<string> Requests => _requests;

    /// <summary>Skips the test where there is no Chromium.</summary>
    public static async Task<Chromium> StartAsync(int width = 1280, int height = 900)
    {
        var named = Environment.GetEnvironmentVariable("CHROMIUM_PATH");
        var path = named is { Length: > 0 } ? named
            : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).SelectMany(folder => Names.Select(name => Path.Combine(folder, name))).FirstOrDefault(File.Exists);
        Assert.SkipWhen(path is null, "There is no Chromium here: install it (Debian: chromium), or set CHROMIUM_PATH.");
        var profile = Directory.CreateTempSubdirectory("streamscorer-chromium-").FullName;
        var start = new ProcessStartInfo(path) { RedirectStandardError = true };
        string[] arguments =
        [
            "--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
            $"--user-data-dir={profile}", "--remote-debugging-port=0", $"--window-size={width},{height}", "about:blank",
        ];
        foreach (var argument in Environment.UserName == "root" ? arguments.Prepend("--no-sandbox") : arguments)
        {
            start.ArgumentList.Add(argument);
        }

        var chromium = new Chromium(Process.Start(start)!, profile);
        try
        {
            await chromium.ConnectAsync().WaitAsync(Limit);
            return chromium;
        }
        catch
        {
            await chromium.DisposeAsync();
            throw;
        }
    }

    public Task OpenAsync(string url) => SendAsync("Page.navigate", new JsonObject { ["url"] = url });

    /// <summary>The value of an expression, once it is there if it is a promise.</summary>
    public async Task<T> EvaluateAsync<T>(string expression)
    {
        var answer = await SendAsync("Runtime.evaluate", new JsonObject { ["expression"] = expression, ["awaitPromise"] = true, ["returnByValue"] = true });
        Assert.Null(answer["exceptionDetails"]);
        return answer["result"]!["value"].Deserialize<T>()!;
    }

    /// <summary>Waits until a condition holds, looking again whenever the page changes.</summary>
    public async Task WaitForAsync(string condition)
    {
        try
        {
            await EvaluateAsync<bool>($$"""
                new Promise(done => {
                  const look = () => { if ({{condition}}) { eyes.disconnect(); done(true); } };
                  const eyes = new MutationObserver(look);
                  eyes.observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
                  look();
                })
                """);
        }
        catch (TimeoutException)
        {
            Assert.Fail($"The page never came to {condition}. Faults: {string.Join("; ", Faults)}. It shows: {await EvaluateAsync<string>("document.body.innerText.slice(0, 2000)")}");
        }
    }

    public Task TypeAsync(string text) => SendAsync("Input.insertText", new JsonObject { ["text"] = text });

    /// <param name="modifiers">2: with Ctrl.</param>
    public async Task PressAsync(string key, int code, int modifiers = 0)
    {
        foreach (var type in new[] { "keyDown", "keyUp" })
        {
            await SendAsync("Input.dispatchKeyEvent", new JsonObject { ["type"] = type, ["key"] = key, ["code"] = key, ["windowsVirtualKeyCode"] = code, ["modifiers"] = modifiers });
        }
    }

    public async Task<JsonNode> SendAsync(string method, JsonObject? parameters = null)
    {
        var id = Interlocked.Increment(ref _lastId);
        var answer = _asked[id] = new TaskCompletionSource<JsonNode>(TaskCreationOptions.RunContinuationsAsynchronously);
        var message = new JsonObject { ["id"] = id, ["method"] = method, ["params"] = parameters ?? [] };
        if (_session is not null)
        {
            message["sessionId"] = _session;
        }

        await _socket.SendAsync(JsonSerializer.SerializeToUtf8Bytes(message), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
        return await answer.Task.WaitAsync(Limit);
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        await _reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _socket.Dispose();
        _process.Dispose();
        try
        {
            Directory.Delete(_profile, recursive: true);
        }
        catch (IOException)
        {
            // A helper process that still ends may write there; the folder is a temporary one.
        }
    }

    private async Task ConnectAsync()
    {
        const string Listening = "DevTools listening on ";
        var listens = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        _process.ErrorDataReceived += (_, news) =>
        {
            if (news.Data is null)
            {
                listens.TrySetException(new InvalidOperationException("Chromium ended before it listened."));
            }
            else if (news.Data.StartsWith(Listening, StringComparison.Ordinal))
            {
                listens.TrySetResult(news.Data[Listening.Length..]);
            }
        };
        _process.BeginErrorReadLine(); // to its end: else it blocks once the pipe is full
        await _socket.ConnectAsync(new Uri(await listens.Task), CancellationToken.None);
        _reading = ReadAsync();
        var target = await SendAsync("Target.createTarget", new JsonObject { ["url"] = "about:blank" });
        _session = (string)(await SendAsync("Target.attachToTarget", new JsonObject { ["targetId"] = (string)target["targetId"]!, ["flatten"] = true }))["sessionId"]!;
        foreach (var domain in new[] { "Page", "Runtime", "Log", "Network" })
        {
            await SendAsync($"{domain}.enable");
        }
    }

    private async Task ReadAsync()
    {
        var buffer = new byte[1 << 16];
        using var message = new MemoryStream();
        while (true)
        {
            var read = await _socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
            message.Write(buffer, 0, read.Count);
            if (read.EndOfMessage)
            {
                Take(JsonNode.Parse(message.ToArray())!);
                message.SetLength(0);
            }
        }
    }

    private void Take(JsonNode news)
    {
        if ((int?)news["id"] is { } id && _asked.TryRemove(id, out var answer))
        {
            answer.SetResult(news["result"] ?? throw new InvalidOperationException($"DevTools: {news["error"]}"));
            return;
        }

        var own = news["params"];
        switch ((string?)news["method"])
        {
            case "Network.requestWillBeSent":
                _requests.Enqueue((string)own!["request"]!["url"]!);
                break;
            case "Runtime.exceptionThrown":
                _faults.Enqueue(own!["exceptionDetails"]!.ToJsonString());
                break;
            case "Runtime.consoleAPICalled" when (string?)own!["type"] is "error" or "warning":
                _faults.Enqueue(own["args"]!.ToJsonString());
                break;
            case "Log.entryAdded" when (string?)own!["entry"]!["level"] is "error" or "warning":
                _faults.Enqueue(own["entry"]!.ToJsonString());
                break;
        }
    }
}
