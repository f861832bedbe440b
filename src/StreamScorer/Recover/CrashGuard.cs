using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using StreamScorer.Configure;
using StreamScorer.Operate;

namespace StreamScorer.Recover;

/// <summary>
/// Ends crash loops. Between Consume and Publish it writes down, a micro-batch at a time, which records are at work. Who starts after a crash reads it: records
/// that were at work at several crashes in a row are worked one at a time, and one that kills the process even then is no longer worked on.
/// </summary>
internal sealed partial class CrashGuard : IDisposable
{
    private readonly Lock _gate = new();
    private readonly ILogger _logger;
    private readonly int _restarts;

    /// <summary>Micro-batches at work, in their order.</summary>
    private readonly Queue<IReadOnlyList<OffsetRange>> _working = new();
    private readonly HashSet<(string, int)> _seen = [];

    /// <summary>The guilty that have their outcome from this process; it may not be committed yet.</summary>
    private readonly HashSet<Suspect> _passed = [];
    private readonly List<Suspect> _suspects;
    private MarkFile? _file;
    private TaskCompletionSource? _left;
    private bool _alone;

    private CrashGuard(MarkFile? file, IReadOnlyList<Suspect> suspects, int restarts, ILogger logger)
        => (_file, _suspects, _restarts, _logger) = (file, [.. suspects], restarts, logger);

    /// <summary>Remembers nothing.</summary>
    public static CrashGuard Off() => new(null, [], int.MaxValue, NullLogger.Instance);

    /// <summary>Reads what the process before left behind. Without a folder to write to there is one warning and no guard.</summary>
    public static CrashGuard Open(Settings settings, Telemetry telemetry, ILogger logger)
    {
        if (settings.Recover.Restarts == 0)
        {
            return Off();
        }

        var folder = settings.Recover.StateFolder;
        try
        {
            var file = MarkFile.Open(folder, $"{settings.Kafka.GroupId}.{settings.Kafka.GroupInstanceId}".TrimEnd('.'));
            var mark = file.Read();
            var guard = new CrashGuard(file, mark.Accuse(settings.Recover.Restarts), settings.Recover.Restarts, logger);
            if (mark.Working.Count > 0)
            {
                telemetry.Restarted();
                guard.Tell();
            }

            guard.Write();
            return guard;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogNoFile(logger, folder, e.Message);
            return Off();
        }
    }

    /// <summary>Tells a record that must be worked alone; null when there is none, as nearly always.</summary>
    public Predicate<SourceRecord>? Isolated
    {
        get
        {
            lock (_gate)
            {
                var ranges = _suspects.Where(suspect => suspect.IsIsolated(_restarts)).Select(suspect => suspect.Range).ToList();
                return ranges.Count == 0 ? null : record => ranges.Exists(range => range.Holds(record));
            }
        }
    }

    /// <summary>True for a record that killed the process each time it was worked, alone at last.</summary>
    public bool IsGuilty(SourceRecord record)
    {
        lock (_gate)
        {
            return _suspects.Exists(suspect => suspect.IsGuilty(_restarts) && suspect.Range.Holds(record) && suspect.Range.Timestamp == record.Timestamp);
        }
    }

    /// <summary>The records go to work. A record that must be alone waits until nothing else is at work, and everything else waits for it.</summary>
    public async ValueTask EnterAsync(IReadOnlyList<SourceRecord> records, CancellationToken abort)
    {
        var alone = records.Count == 1 && Isolated is { } isolated && isolated(records[0]);
        while (!TryEnter(records, alone, out var left))
        {
            await left.WaitAsync(abort);
        }
    }

    /// <summary>The micro-batch that entered first is scored.</summary>
    public void Leave()
    {
        lock (_gate)
        {
            var ranges = _working.Dequeue();
            foreach (var suspect in _suspects.Where(suspect => ranges.Any(range => range.IsOf(suspect.Range.Topic, suspect.Range.Partition) && range.End >= suspect.Range.End)))
            {
                _passed.Add(suspect);
            }

            _suspects.RemoveAll(suspect => !suspect.IsGuilty(_restarts) && _passed.Contains(suspect));
            if (_alone)
            {
                // Its death would be taken for proof, so the file must not name it any longer. Else the next micro-batch's entry is soon enough.
                _alone = false;
                Write();
            }

            _left?.TrySetResult();
            _left = null;
        }
    }

    /// <summary>The worker ends, and not by the records at work: nothing is to be held against them.</summary>
    /// <param name="committed">Every outcome of this process is.</param>
    public void Rest(bool committed)
    {
        lock (_gate)
        {
            _working.Clear();
            _suspects.RemoveAll(suspect => committed && _passed.Contains(suspect));
            Write();
        }
    }

    /// <summary>A file that says nothing is not left behind.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _file?.Close(delete: _working.Count == 0 && _suspects.Count == 0);
            _file = null;
        }
    }

    private bool TryEnter(IReadOnlyList<SourceRecord> records, bool alone, out Task left)
    {
        lock (_gate)
        {
            if (_alone || (alone && _working.Count > 0))
            {
                _left ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                left = _left.Task;
                return false;
            }

            left = Task.CompletedTask;
            _alone = alone;
            var ranges = Ranges(records);
            foreach (var range in ranges.Where(range => _seen.Add((range.Topic, range.Partition))))
            {
                // What is before the first record of a partition was committed by the process before: even the guilty have their outcome.
                _suspects.RemoveAll(suspect => range.IsOf(suspect.Range.Topic, suspect.Range.Partition) && suspect.Range.End <= range.First);
            }

            _working.Enqueue(ranges);
            Write();
            return true;
        }
    }

    private static List<OffsetRange> Ranges(IReadOnlyList<SourceRecord> records)
    {
        var ranges = new Dictionary<(string, int), OffsetRange>();
        foreach (var record in records)
        {
            var key = (record.Topic, record.Partition);
            ranges[key] = ranges.TryGetValue(key, out var range)
                ? range with { End = record.Offset + 1 }
                : new OffsetRange(record.Topic, record.Partition, record.Offset, record.Offset + 1, record.Timestamp);
        }

        return [.. ranges.Values];
    }

    private void Write()
    {
        try
        {
            var working = _working.SelectMany(ranges => ranges).GroupBy(range => (range.Topic, range.Partition)).Select(same => same.MinBy(range => range.First)! with { End = same.Max(range => range.End) });
            _file?.Write(new CrashMark([.. working], _suspects));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Pressure tier: the stream goes on without the guard.
            LogNoFile(_logger, Path.GetDirectoryName(_file!.Path) ?? "", e.Message);
            _file.Close(delete: false);
            _file = null;
        }
    }

    private void Tell()
    {
        foreach (var suspect in _suspects)
        {
            var range = suspect.Range;
            if (suspect.IsGuilty(_restarts))
            {
                LogGuilty(_logger, range.Topic, range.Partition, range.First);
            }
            else if (suspect.IsIsolated(_restarts))
            {
                LogIsolated(_logger, range.Topic, range.Partition, range.First, range.End - 1, suspect.Crashes);
            }
            else
            {
                LogCrashed(_logger, range.Topic, range.Partition, range.First, range.End - 1, suspect.Crashes);
            }
        }
    }

    /// <summary>At start: the folder cannot be made or written.</summary>
    /// <remarks>As the message says. Without the guard a post that kills the process kills it again after every restart.</remarks>
    [LoggerMessage(1401, LogLevel.Warning, "There is no guard against crash loops, because nothing can be written to {Folder}: {Why} Free or allow it, set Recover:Folder to another one, or Recover:Restarts to 0.")]
    private static partial void LogNoFile(ILogger logger, string folder, string why);

    /// <summary>At start, after a process that did not end in order.</summary>
    /// <remarks>Why did it die? Exit code and last lines of the process before; out of memory (<c>dmesg</c>), or killed by a liveness probe. If it died by itself at the same records again, 1403 follows.</remarks>
    [LoggerMessage(1402, LogLevel.Warning, "The process before died while it worked on {Topic}-{Partition} offsets {First} to {Last}, which were at work at {Crashes} crashes in a row now.")]
    private static partial void LogCrashed(ILogger logger, string topic, int partition, long first, long last, int crashes);

    /// <summary>At start, from <c>Recover:Restarts</c> crashes on.</summary>
    /// <remarks>Wait: what kills it is found by itself. Those partitions are slow meanwhile.</remarks>
    [LoggerMessage(1403, LogLevel.Warning, "{Topic}-{Partition} offsets {First} to {Last} were at work at {Crashes} crashes in a row: they are worked one at a time.")]
    private static partial void LogIsolated(ILogger logger, string topic, int partition, long first, long last, int crashes);

    /// <summary>At start, when a record was alone at work at two more crashes.</summary>
    /// <remarks>The stream goes on without it. Find it: <c>streamscorer dead-letters list --reason crash_loop</c>; it is a fault of the worker or of the model's runtime, so report it.</remarks>
    [LoggerMessage(1404, LogLevel.Error, "{Topic}-{Partition} offset {Offset} kills the process, alone too: it is not worked on any more and becomes a dead letter.")]
    private static partial void LogGuilty(ILogger logger, string topic, int partition, long offset);
}
