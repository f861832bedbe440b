using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Threading.Channels;

namespace StreamScorer.Operate.Page;

/// <summary>
/// One message a second for all browsers that watch. The charts' points are kept in any case, four numbers a second, so that a page opened after an alert shows what
/// led to it; the message itself is made only while somebody watches. The stream is never asked to wait: it counts, and this reads the counters.
/// </summary>
internal sealed class PageFeed : IAsyncDisposable
{
    private const int HistorySeconds = 300;
    private const int WindowSeconds = 60;
    private const int RateSeconds = 3;
    private const int AgeSeconds = 5;

    private readonly PageSource _source;
    private readonly int _maxViewers;
    private readonly Lock _gate = new();
    private readonly List<Viewer> _viewers = [];
    private readonly Queue<PageSample> _history = new();
    private readonly List<Snapshot> _minute = [];
    private Ticker? _ticker;
    private PageSample _sample;
    private bool _ended;
    private int _ticks;

    public PageFeed(PageSource source, int maxViewers)
    {
        (_source, _maxViewers) = (source, maxViewers);
        _minute.Add(source.Telemetry.Read());
        _sample = new PageSample(source.Now(), 0, null, null, null);
    }

    public int Viewers
    {
        get
        {
            lock (_gate)
            {
                return _viewers.Count;
            }
        }
    }

    /// <summary>Ticks once a second until it is disposed.</summary>
    public void Start(TimeProvider time) => _ticker = new Ticker(TimeSpan.FromSeconds(1), time, Tick);

    /// <summary>Adds a point to the charts, and tells the browsers.</summary>
    public void Tick()
    {
        var now = _source.Telemetry.Read();
        var age = _source.Telemetry.Age(AgeSeconds);
        lock (_gate)
        {
            _minute.Add(now);
            if (_minute.Count > WindowSeconds + 1)
            {
                _minute.RemoveAt(0);
            }

            _sample = Sample(now, _minute[Math.Max(0, _minute.Count - 1 - RateSeconds)], age);
            _history.Enqueue(_sample);
            if (_history.Count > HistorySeconds)
            {
                _history.Dequeue();
            }

            if (++_ticks % HistorySeconds == 0)
            {
                _source.Scores.Turn();
            }

            if (_viewers.Count > 0)
            {
                var frame = Frame("snapshot", JsonSerializer.SerializeToUtf8Bytes(Build(), PageJson.Default.PageSnapshot));
                _viewers.ForEach(viewer => viewer.Tell(frame));
            }
        }
    }

    /// <returns>Null when too many watch already, or the worker ends.</returns>
    public Viewer? Enter()
    {
        lock (_gate)
        {
            if (_ended || _viewers.Count >= _maxViewers)
            {
                return null;
            }

            var hello = new PageHello(_source.Facts(), [.. _history]);
            byte[] first =
            [
                .. "retry: 2000\n"u8,
                .. Frame("hello", JsonSerializer.SerializeToUtf8Bytes(hello, PageJson.Default.PageHello)),
                .. Frame("snapshot", JsonSerializer.SerializeToUtf8Bytes(Build(), PageJson.Default.PageSnapshot)),
            ];
            var viewer = new Viewer(this, first);
            _viewers.Add(viewer);
            return viewer;
        }
    }

    /// <summary>Ends the streams, so that every browser comes again and is told what serves now.</summary>
    public void Restart()
    {
        lock (_gate)
        {
            _viewers.ForEach(viewer => viewer.End());
        }
    }

    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (_ended)
            {
                return;
            }

            _ended = true;
            _viewers.ForEach(viewer => viewer.End());
        }

        if (_ticker is not null)
        {
            await _ticker.DisposeAsync();
        }
    }

    private PageSnapshot Build() => _source.Snapshot(_minute[^1], _minute[0], _sample);

    private PageSample Sample(Snapshot now, Snapshot before, LatencySummary age)
    {
        var seconds = (now.Uptime - before.Uptime).TotalSeconds;
        var rate = seconds <= 0 ? 0 : Math.Round((now.Outcomes - before.Outcomes) / seconds, 1);
        return age.Count == 0
            ? new PageSample(_source.Now(), rate, null, null, null)
            : new PageSample(_source.Now(), rate, Math.Round(age.P50, 4), Math.Round(age.P95, 4), Math.Round(age.P99, 4));
    }

    private static byte[] Frame(string name, byte[] json) => [.. "event: "u8, .. System.Text.Encoding.ASCII.GetBytes(name), .. "\ndata: "u8, .. json, .. "\n\n"u8];

    private void Leave(Viewer viewer)
    {
        lock (_gate)
        {
            _viewers.Remove(viewer);
        }
    }

    /// <summary>A browser that watches, until it is disposed.</summary>
    /// <param name="first">What the page is and shows; without it no later message can be shown, so it is never skipped.</param>
    internal sealed class Viewer(PageFeed feed, ReadOnlyMemory<byte> first) : IDisposable
    {
        // One message: a browser that cannot follow skips some, and costs no memory.
        private readonly Channel<ReadOnlyMemory<byte>> _frames = Channel.CreateBounded<ReadOnlyMemory<byte>>(
            new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

        /// <summary>What comes behind the first message; ends with the feed.</summary>
        public ChannelReader<ReadOnlyMemory<byte>> Frames => _frames.Reader;

        /// <summary>All that the browser is told, from the first message on, until the feed ends.</summary>
        public async IAsyncEnumerable<ReadOnlyMemory<byte>> MessagesAsync([EnumeratorCancellation] CancellationToken abort)
        {
            yield return first;
            await foreach (var frame in Frames.ReadAllAsync(abort))
            {
                yield return frame;
            }
        }

        public void Tell(ReadOnlyMemory<byte> frame) => _frames.Writer.TryWrite(frame);

        public void End() => _frames.Writer.TryComplete();

        public void Dispose() => feed.Leave(this);
    }
}
