using System.Diagnostics.Tracing;
using System.Globalization;

namespace Bench;

/// <summary>What a run allocates, by type, from the collector's own samples (one for about every 100 KB), and what collecting it takes.</summary>
internal sealed class AllocationProfile : EventListener
{
    private const EventKeywords Collector = (EventKeywords)1;

    private readonly Dictionary<string, long> _bytes = new(StringComparer.Ordinal);
    private readonly long _allocated = GC.GetTotalAllocatedBytes();
    private readonly TimeSpan _paused = GC.GetTotalPauseDuration();
    private readonly int[] _collections = Collections();

    /// <param name="posts">That all of it is divided by.</param>
    public void Print(long posts, int most = 25)
    {
        var (allocated, paused) = (GC.GetTotalAllocatedBytes() - _allocated, GC.GetTotalPauseDuration() - _paused);
        var collections = Collections().Zip(_collections, (now, before) => now - before);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{allocated / (double)posts:F0} bytes a post; collections of generation 0, 1, 2: {string.Join(", ", collections)}; paused {paused.TotalSeconds:F2} s"));
        Console.WriteLine();
        Console.WriteLine("| bytes a post | type |");
        Console.WriteLine("|---|---|");
        lock (_bytes)
        {
            var sampled = (double)_bytes.Values.Sum();
            foreach (var (type, bytes) in _bytes.OrderByDescending(pair => pair.Value).Take(most))
            {
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {bytes / sampled * allocated / posts:F0} | {type} |"));
            }
        }
    }

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name == "Microsoft-Windows-DotNETRuntime")
        {
            EnableEvents(eventSource, EventLevel.Verbose, Collector);
        }
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        if (eventData is not { EventName: { } name, Payload: { } payload, PayloadNames: { } names } || !name.StartsWith("GCAllocationTick", StringComparison.Ordinal))
        {
            return;
        }

        var (type, bytes) = ((string)payload[names.IndexOf("TypeName")]!, Convert.ToInt64(payload[names.IndexOf("AllocationAmount64")], CultureInfo.InvariantCulture));
        lock (_bytes)
        {
            _bytes[type] = _bytes.GetValueOrDefault(type) + bytes;
        }
    }

    private static int[] Collections() => [GC.CollectionCount(0), GC.CollectionCount(1), GC.CollectionCount(2)];
}
