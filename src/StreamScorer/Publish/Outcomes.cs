using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Confluent.Kafka;
using StreamScorer.Shared.Contracts;
using static System.Globalization.CultureInfo;

namespace StreamScorer.Publish;

/// <summary>Makes the records that go out of the entries that came in. Pure: no Kafka connection, no clock of its own.</summary>
internal sealed class Outcomes(ModelIdentity model, PublishOptions options, TimeProvider time)
{
    public const string HeaderReason = "dlq.reason";
    public const string HeaderMessage = "dlq.message";
    public const string HeaderTopic = "dlq.topic";
    public const string HeaderPartition = "dlq.partition";
    public const string HeaderOffset = "dlq.offset";
    public const string HeaderTimestamp = "dlq.timestamp";
    public const string HeaderRedacted = "dlq.redacted";
    public const string HeaderValueSha256 = "dlq.value.sha256";
    public const string HeaderValueLength = "dlq.value.length";

    private readonly byte[] _modelName = Encoding.UTF8.GetBytes($"\n{model.Name}\n{model.Version}\n{model.Sha256}");

    /// <summary>What goes out for an entry, in this order; of a filtered one nothing, or the erasure that it asks for.</summary>
    public IReadOnlyList<Outgoing> Of(Entry entry)
    {
        if (entry.Reject is not null)
        {
            return [new Outgoing(options.DeadLetterTopic, DeadLetter(entry))];
        }

        if (entry.Verdict is { } verdict)
        {
            var message = ScoredMessage(entry);
            var scored = new Outgoing(options.ScoredTopic, message);
            return verdict.Decision == Decision.Allow ? [scored] : [scored, new Outgoing(options.FlaggedTopic, message)];
        }

        // Without a key there is nothing that it could erase.
        return entry.Source is { Value: null, Key: not null } ? [.. Tombstones(entry)] : [];
    }

    /// <summary>The scored record of an entry that has a verdict.</summary>
    /// <param name="inStream">False outside Kafka: then there is no source and no result id.</param>
    public ScoredPost Scored(Entry entry, bool inStream = true)
    {
        var (source, post, verdict) = (entry.Source, entry.Post!, entry.Verdict!);
        return new ScoredPost
        {
            Id = post.Id,
            ResultId = inStream ? ResultId(source) : null,
            Source = inStream ? new RecordSource(source.Topic, source.Partition, source.Offset, source.Timestamp) : null,
            Heads = verdict.Heads,
            Flags = verdict.Flags,
            Decision = verdict.Decision,
            Why = verdict.Why,
            Text = new TextInfo(entry.TokenCount, entry.Truncated, entry.SegmentCount, Normalised: []),
            Language = post.Language,
            Model = model,
            Policy = verdict.Policy,
            Timing = new Timing(
                post.CreatedAt,
                inStream ? source.ConsumedAt : null,
                time.GetUtcNow().ToUnixTimeMilliseconds(),
                Milliseconds(entry.InferStart - source.ConsumedTicks),
                Milliseconds(entry.InferTicks)),
        };
    }

    /// <summary>The scored record as it goes to Kafka: the input's key and headers, so a trace goes on.</summary>
    public Message<byte[]?, byte[]?> ScoredMessage(Entry entry) => new()
    {
        Key = entry.Source.Key,
        Value = JsonSerializer.SerializeToUtf8Bytes(Scored(entry), ContractsJson.Default.ScoredPost),
        Headers = HeadersOf(entry),
    };

    /// <summary>
    /// The record itself, byte for byte, with its own headers (<c>traceparent</c> goes on where it is traced) and why it is here. Where a header of its own forbids to store it, the value
    /// stays behind: its hash and length tell whoever has the record whether it was this one.
    /// </summary>
    public Message<byte[]?, byte[]?> DeadLetter(Entry entry)
    {
        var (source, reject) = (entry.Source, entry.Reject!);
        var headers = new Headers();
        foreach (var header in HeadersOf(entry) ?? [])
        {
            headers.Add(header.Key, header.GetValueBytes());
        }

        headers.Add(HeaderReason, JsonNamingPolicy.SnakeCaseLower.ConvertName(reject.Reason.ToString()), Encoding.UTF8);
        headers.Add(HeaderMessage, reject.Message, Encoding.UTF8);
        headers.Add(HeaderTopic, source.Topic, Encoding.UTF8);
        headers.Add(HeaderPartition, Invariant(source.Partition), Encoding.UTF8);
        headers.Add(HeaderOffset, Invariant(source.Offset), Encoding.UTF8);
        headers.Add(HeaderTimestamp, Invariant(source.Timestamp), Encoding.UTF8);
        var value = source.Value;
        if (value is not null && MustNotBeStored(source))
        {
            headers.Add(HeaderRedacted, "true", Encoding.UTF8);
            headers.Add(HeaderValueSha256, Convert.ToHexStringLower(SHA256.HashData(value)), Encoding.UTF8);
            headers.Add(HeaderValueLength, Invariant(value.Length), Encoding.UTF8);
            value = null;
        }

        return new Message<byte[]?, byte[]?> { Key = source.Key, Value = value, Headers = headers };
    }

    /// <summary>
    /// SHA-256 of source topic, partition, offset and model version, its first 128 bits in hexadecimal: the same post scored
    /// again by the same model has the same id, so a consumer can drop the repetition.
    /// </summary>
    public string ResultId(SourceRecord source)
    {
        var room = Encoding.UTF8.GetMaxByteCount(source.Topic.Length) + 40 + _modelName.Length; // 40: two numbers with their signs and line feeds
        var name = room <= 1024 ? stackalloc byte[1024] : new byte[room];
        Utf8.TryWrite(name, InvariantCulture, $"{source.Topic}\n{source.Partition}\n{source.Offset}", out var length);
        _modelName.CopyTo(name[length..]);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(name[..(length + _modelName.Length)], hash);
        return Convert.ToHexStringLower(hash[..16]);
    }

    /// <summary>The header counts whatever it holds, but for a plain no.</summary>
    private bool MustNotBeStored(SourceRecord source)
        => options.DoNotStoreHeader.Length > 0
            && source.Headers?.TryGetLastBytes(options.DoNotStoreHeader, out var value) == true
            && !(value is not null && (Ascii.EqualsIgnoreCase(value, "false"u8) || value.AsSpan().SequenceEqual("0"u8)));

    /// <summary>As they came, but where the record is traced.</summary>
    private static Headers? HeadersOf(Entry entry) => entry.Trace is { } trace ? trace.Continue(entry.Source.Headers) : entry.Source.Headers;

    private IEnumerable<Outgoing> Tombstones(Entry entry)
    {
        var message = new Message<byte[]?, byte[]?> { Key = entry.Source.Key, Value = null, Headers = HeadersOf(entry) };
        foreach (var (output, topic) in new[] { (Outputs.Scored, options.ScoredTopic), (Outputs.Flagged, options.FlaggedTopic), (Outputs.DeadLetter, options.DeadLetterTopic) })
        {
            if (options.Tombstones.HasFlag(output))
            {
                yield return new Outgoing(topic, message);
            }
        }
    }

    private static string Invariant(long number) => number.ToString(InvariantCulture);

    private double Milliseconds(long ticks) => Math.Round(Math.Max(0, ticks) * 1_000.0 / time.TimestampFrequency, 3);
}

internal static class HeadersExtensions
{
    public static void Add(this Headers headers, string key, string value, Encoding encoding) => headers.Add(key, encoding.GetBytes(value));
}
