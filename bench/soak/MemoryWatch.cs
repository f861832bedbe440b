using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Soak;

/// <param name="Heap">MiB that were on the collector's heap after its last collection.</param>
/// <param name="NativeInUse">MiB that the C library has handed out and not got back.</param>
/// <param name="Records">With an outcome until then, of any kind.</param>
internal readonly record struct MemorySample(TimeSpan At, ProcessMemory Memory, double Heap, double NativeInUse, double Records);

/// <summary>Samples the memory of a worker: the kernel's numbers by its process id, those of .NET and of the C library by its metrics page.</summary>
internal sealed class MemoryWatch : IDisposable
{
    private const double MiB = 1 << 20;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(5) };
    private readonly List<MemorySample> _samples = [];
    private readonly int _port = FreePort();

    public IReadOnlyList<MemorySample> Samples => _samples;

    /// <summary>With these the worker answers where its memory is asked for.</summary>
    public IReadOnlyList<string> Sets => ["Operate:Enabled=true", $"Operate:Url=http://127.0.0.1:{_port}", "Operate:Page=false"];

    public async Task RunAsync(int pid, CancellationToken until)
    {
        var began = TimeProvider.System.GetTimestamp();
        using var timer = new PeriodicTimer(Interval);
        while (await timer.WaitForNextTickAsync(until))
        {
            if (await MetricsAsync(until) is { } metrics)
            {
                _samples.Add(new MemorySample(
                    TimeProvider.System.GetElapsedTime(began), await ProcessMemory.ReadAsync(pid, until), Sum(metrics, "dotnet_gc_last_collection_heap_size_bytes") / MiB,
                    Sum(metrics, "streamscorer_native_heap_in_use_bytes") / MiB, Sum(metrics, "streamscorer_records_total")));
            }
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<string[]?> MetricsAsync(CancellationToken until)
    {
        try
        {
            return (await _http.GetStringAsync($"http://127.0.0.1:{_port}/metrics", until)).Split('\n');
        }
        catch (Exception e) when (e is HttpRequestException || (e is TaskCanceledException && !until.IsCancellationRequested))
        {
            return null; // it still starts, or the machine is too busy; the next sample comes
        }
    }

    private static double Sum(string[] metrics, string name)
        => metrics.Where(line => line.StartsWith(name, StringComparison.Ordinal)).Sum(line => double.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture));

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
