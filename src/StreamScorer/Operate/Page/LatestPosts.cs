using System.Text;
using StreamScorer.Shared.Contracts;

namespace StreamScorer.Operate.Page;

/// <summary>A post whose decision is not allow, as the page shows it.</summary>
/// <param name="At">When its outcome was acknowledged, Unix milliseconds.</param>
/// <param name="Text">Null unless <see cref="OperateOptions.Texts"/> allows it.</param>
internal sealed record FlaggedLine(long At, string Topic, int Partition, long Offset, string Id, int Bytes, Decision Decision, IReadOnlyList<Why> Why, string? Text);

/// <summary>A dead letter, as the page shows it.</summary>
/// <param name="Text">The beginning of its value; null unless <see cref="OperateOptions.Texts"/> allows it.</param>
internal sealed record DeadLetterLine(long At, string Topic, int Partition, long Offset, int Bytes, RejectReason Reason, string Message, string? Text);

/// <summary>The last posts that somebody may want to look at, in fixed memory. Thread-safe.</summary>
internal sealed class LatestPosts(TextDisplay texts, TimeProvider time)
{
    public const int Flagged = 20;
    public const int DeadLetters = 10;

    /// <summary>Longest text that is kept, in bytes: more says nothing new in a list.</summary>
    private const int MaxTextBytes = 600;

    /// <summary>Longest id: it is its author's, and can be of any length.</summary>
    private const int MaxIdCharacters = 80;

    private readonly Lock _gate = new();
    private readonly Queue<FlaggedLine> _flagged = new(Flagged + 1);
    private readonly Queue<DeadLetterLine> _deadLetters = new(DeadLetters + 1);

    /// <summary>Keeps an entry that has its acknowledged outcome, if it is one to look at.</summary>
    public void Add(Entry entry)
    {
        if (entry.Reject is { } reject)
        {
            var source = entry.Source;
            Push(_deadLetters, DeadLetters, new DeadLetterLine(Now(), source.Topic, source.Partition, source.Offset, source.Value?.Length ?? 0, reject.Reason, reject.Message, Shown(source.Value)));
        }
        else if (entry is { Verdict: { Decision: not Decision.Allow } verdict, Post: { } post })
        {
            var source = entry.Source;
            Push(_flagged, Flagged, new FlaggedLine(Now(), source.Topic, source.Partition, source.Offset, Cut(post.Id), post.Text.Length, verdict.Decision, verdict.Why, Shown(post.Text)));
        }
    }

    /// <summary>Newest first.</summary>
    public (IReadOnlyList<FlaggedLine> Flagged, IReadOnlyList<DeadLetterLine> DeadLetters) Read()
    {
        lock (_gate)
        {
            return ([.. _flagged.Reverse()], [.. _deadLetters.Reverse()]);
        }
    }

    private void Push<T>(Queue<T> queue, int most, T line)
    {
        lock (_gate)
        {
            queue.Enqueue(line);
            if (queue.Count > most)
            {
                queue.Dequeue();
            }
        }
    }

    private string? Shown(ReadOnlyMemory<byte> utf8)
    {
        if (texts == TextDisplay.Hidden)
        {
            return null;
        }

        var text = Encoding.UTF8.GetString(Beginning(utf8.Span)) + (utf8.Length > MaxTextBytes ? "…" : "");
        return texts == TextDisplay.Masked ? WordMask.Of(text) : text;
    }

    private static ReadOnlySpan<byte> Beginning(ReadOnlySpan<byte> utf8)
    {
        var end = Math.Min(utf8.Length, MaxTextBytes);
        while (end > 0 && end < utf8.Length && (utf8[end] & 0xC0) == 0x80)
        {
            end--; // not through the middle of a character
        }

        return utf8[..end];
    }

    private static string Cut(string id) => id.Length <= MaxIdCharacters ? id : id[..MaxIdCharacters] + "…";

    private long Now() => time.GetUtcNow().ToUnixTimeMilliseconds();
}
