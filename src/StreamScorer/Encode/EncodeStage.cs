using System.Threading.Channels;
using StreamScorer.Consume;
using StreamScorer.Decode;
using StreamScorer.Operate;
using StreamScorer.Operate.Tracing;
using StreamScorer.Recover;
using StreamScorer.Shared.Contracts;
using StreamScorer.Shared.Encode;
using StreamScorer.Shared.Group;

namespace StreamScorer.Encode;

/// <summary>Seals micro-batches and prepares them for the model: decode, tokenize, group.</summary>
/// <param name="tracer">Null: nothing is traced.</param>
internal sealed class EncodeStage(PostDecoder decoder, PostEncoder encoder, GroupOptions grouping, bool pads, MicroBatchLimit limit, CrashGuard guard, Telemetry telemetry, HealthState health, TimeProvider time, Tracer? tracer = null)
{
    // Under this many records per core the hand-over to other threads costs more than it saves.
    private const int RecordsPerTask = 64;

    /// <summary>Runs until the intake is completed and empty, then completes <paramref name="output"/>.</summary>
    public async Task RunAsync(Intake intake, ChannelWriter<MicroBatch> output, CancellationToken abort)
    {
        try
        {
            while (await NextAsync(intake, abort) is { } records)
            {
                await output.WriteAsync(Prepare(records), abort);
            }

            health.Ended("encode");
            output.Complete();
        }
        catch (Exception fault)
        {
            // Fatal tier: downstream must see why nothing more comes; a plain completion would look like a clean end.
            output.TryComplete(fault);
            throw;
        }
    }

    private async ValueTask<SealedRecords?> NextAsync(Intake intake, CancellationToken abort)
    {
        health.Rests("encode");
        var records = await intake.TakeAsync(limit, guard.Isolated, abort);
        if (records is not null)
        {
            await guard.EnterAsync(records.Records, abort);
        }

        health.Turned("encode");
        return records;
    }

    private MicroBatch Prepare(SealedRecords records)
    {
        var batch = new MicroBatch([.. records.Records.Select(record => new Entry(record))], records.Bytes);
        tracer?.Begin(batch);
        var chunks = batch.Entries.Chunk(RecordsPerTask).ToList();
        Timed(batch, "decode", () => Parallel.ForEach(chunks, chunk => Array.ForEach(chunk, Decode)));
        Timed(batch, "encode", () => Parallel.ForEach(chunks, chunk => Tokenize(batch, chunk)));
        batch.Scorable = [.. batch.Entries.Where(entry => entry.Post is not null)];
        Timed(batch, "group", () => batch.Grouping = Grouper.Cut(Rows(batch.Scorable), grouping, pads));

        foreach (var source in records.Records)
        {
            telemetry.Consumed(source.Topic, source.Partition);
        }

        telemetry.MicroBatch(batch.Entries.Count, batch.Scorable.Sum(entry => entry.TokenCount), records.By);
        return batch;
    }

    private void Timed(MicroBatch batch, string step, Action work)
    {
        var started = time.GetTimestamp();
        work();
        telemetry.Step(step, time.GetElapsedTime(started).TotalSeconds);
        batch.Trace?.Step(step, started);
    }

    private void Tokenize(MicroBatch batch, Entry[] chunk)
    {
        var arena = batch.RentArena(chunk.Sum(entry => entry.Post is { } post ? encoder.Room(post.Text.Length) : 0));
        var free = arena.AsMemory();
        foreach (var entry in chunk)
        {
            if (entry.Post is not { } post)
            {
                continue;
            }

            var encoded = encoder.Encode(post.Text.Span, free);
            (entry.Encoded, entry.TokenCount) = (encoded, encoded.Ids.Length);
            (entry.SegmentCount, entry.Truncated) = (encoded.Rows, encoded.Truncated);
            free = encoded.Segments is null ? free[entry.TokenCount..] : free;
            RejectWhenNothingIsLeft(entry);
        }
    }

    private static List<ReadOnlyMemory<int>> Rows(IReadOnlyList<Entry> entries)
    {
        var rows = new List<ReadOnlyMemory<int>>(entries.Count);
        foreach (var entry in entries)
        {
            entry.Encoded.AddTo(rows);
        }

        return rows;
    }

    private void Decode(Entry entry)
    {
        var source = entry.Source;
        if (source.Value is null)
        {
            return; // a tombstone: neither a post nor a reject, so it is filtered
        }

        if (guard.IsGuilty(source))
        {
            entry.Reject = new Reject(RejectReason.CrashLoop, "The process died each time it worked on this record, twice of them on it alone, so it is not worked on any more.");
            return;
        }

        var decoded = decoder.Decode(source.Value, source.Key, source.Id ?? $"{source.Topic}-{source.Partition}-{source.Offset}");
        entry.Post = decoded.Post;
        entry.Reject = decoded.Reject;
    }

    private static void RejectWhenNothingIsLeft(Entry entry)
    {
        if (entry.TokenCount > Rejects.ControlTokens)
        {
            return;
        }

        entry.Post = null;
        entry.Encoded = default;
        entry.TokenCount = 0;
        entry.Reject = Rejects.NothingForTheModel;
    }
}
