using System.Text.Json;
using System.Threading.Channels;
using StreamScorer.Publish;
using StreamScorer.Shared.Contracts;

namespace StreamScorer.Score;

/// <summary>Prints one JSON object a line, in input order: the scored record, or why the line could not be scored.</summary>
internal sealed class JsonLinesSink(Outcomes outcomes, Stream output, Progress progress)
{
    public async Task RunAsync(ChannelReader<MicroBatch> input, CancellationToken abort)
    {
        using var lines = new MemoryStream();
        await foreach (var batch in input.ReadAllAsync(abort))
        {
            lines.SetLength(0);
            foreach (var entry in batch.Entries)
            {
                Write(lines, entry);
            }

            await output.WriteAsync(lines.GetBuffer().AsMemory(0, (int)lines.Length), abort);
            await output.FlushAsync(abort);
            progress.Add(batch.Entries.Count);
        }
    }

    private void Write(MemoryStream lines, Entry entry)
    {
        if (entry.Reject is { } reject)
        {
            JsonSerializer.Serialize(lines, new RejectedPost(entry.Source.Id, reject), ContractsJson.Default.RejectedPost);
        }
        else
        {
            JsonSerializer.Serialize(lines, outcomes.Scored(entry, inStream: false), ContractsJson.Default.ScoredPost);
        }

        lines.WriteByte((byte)'\n');
    }
}
