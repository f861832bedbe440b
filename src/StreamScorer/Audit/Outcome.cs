using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Confluent.Kafka;

namespace StreamScorer.Audit;

internal enum OutcomeKind
{
    /// <summary>Names a record of the audited topic.</summary>
    Outcome,

    /// <summary>Names a record of another topic: several inputs may share an output.</summary>
    OtherTopic,

    /// <summary>A record that is none: a tombstone, such as an erasure leaves, or the marker of a replay.</summary>
    None,

    /// <summary>No outcome that this program knows.</summary>
    Unreadable,
}

/// <summary>What the audit needs of one record of an output topic.</summary>
/// <param name="NotAllowed">Scored records: the decision is not <c>allow</c>, so it belongs into the flagged topic too.</param>
/// <param name="IdFits">Scored records: the result id is the one of this source and this model.</param>
internal readonly record struct Outcome(OutcomeKind Kind, int Partition = 0, long Offset = 0, bool NotAllowed = false, bool IdFits = true)
{
    public static readonly Outcome Unreadable = new(OutcomeKind.Unreadable);
    public static readonly Outcome OtherTopic = new(OutcomeKind.OtherTopic);
    public static readonly Outcome None = new(OutcomeKind.None);

    /// <summary>By the dlq headers; the last of a name counts, since a replayed record may carry older ones.</summary>
    public static Outcome OfDeadLetter(Headers headers, string topic, bool hasValue)
    {
        if (!headers.TryGetLastBytes("dlq.topic", out var name))
        {
            return hasValue && !headers.TryGetLastBytes("dlq.replayed", out _) ? Unreadable : None;
        }

        return !name.AsSpan().SequenceEqual(Encoding.UTF8.GetBytes(topic)) ? OtherTopic
            : Number(headers, "dlq.partition") is { } partition && Number(headers, "dlq.offset") is { } offset && partition <= int.MaxValue ? new Outcome(OutcomeKind.Outcome, (int)partition, offset)
            : Unreadable;
    }

    private static long? Number(Headers headers, string name)
        => headers.TryGetLastBytes(name, out var text) && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}

/// <summary>
/// Reads a scored record from the client's memory, without a copy and no further than it needs. The result id is computed anew from source
/// and model: equal sources have equal ids and different ones different ids, so no list of ids has to be kept to find a repeated one.
/// </summary>
internal sealed class ScoredParser(string topic) : IDeserializer<Outcome>
{
    private readonly byte[] _topic = Encoding.UTF8.GetBytes(topic);

    public Outcome Deserialize(ReadOnlySpan<byte> data, bool isNull, SerializationContext context)
    {
        if (isNull)
        {
            return Outcome.None;
        }

        try
        {
            return Parse(data);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            return Outcome.Unreadable; // per-record tier: somebody else's record; an exception here would end the reading
        }
    }

    private Outcome Parse(ReadOnlySpan<byte> data)
    {
        var reader = new Utf8JsonReader(data);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            return Outcome.Unreadable;
        }

        ReadOnlySpan<byte> resultId = default;
        (bool Mine, int Partition, long Offset)? source = null;
        bool? allowed = null;
        var model = default(Model);
        while (!(source is not null && allowed is not null && model.IsRead && resultId.Length > 0) && reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("result_id"u8))
            {
                reader.Read();
                resultId = reader.ValueSpan;
                reader.Skip();
            }
            else if (reader.ValueTextEquals("source"u8))
            {
                source = ReadSource(ref reader);
            }
            else if (reader.ValueTextEquals("decision"u8))
            {
                reader.Read();
                allowed = reader.ValueTextEquals("allow"u8);
            }
            else if (reader.ValueTextEquals("model"u8))
            {
                model = ReadModel(ref reader);
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }

        return source is null || allowed is null ? Outcome.Unreadable
            : !source.Value.Mine ? Outcome.OtherTopic
            : new Outcome(OutcomeKind.Outcome, source.Value.Partition, source.Value.Offset, !allowed.Value, Fits(resultId, source.Value.Partition, source.Value.Offset, model));
    }

    private (bool, int, long)? ReadSource(ref Utf8JsonReader reader)
    {
        var (mine, partition, offset) = (false, -1, -1L);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException("The source is no object.");
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("topic"u8))
            {
                reader.Read();
                mine = reader.ValueTextEquals(_topic);
            }
            else if (reader.ValueTextEquals("partition"u8))
            {
                reader.Read();
                partition = reader.GetInt32();
            }
            else if (reader.ValueTextEquals("offset"u8))
            {
                reader.Read();
                offset = reader.GetInt64();
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }

        return partition < 0 || offset < 0 ? null : (mine, partition, offset);
    }

    private static Model ReadModel(scoped ref Utf8JsonReader reader)
    {
        var model = default(Model);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException("The model is no object.");
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var (name, version, sha256) = (reader.ValueTextEquals("name"u8), reader.ValueTextEquals("version"u8), reader.ValueTextEquals("sha256"u8));
            reader.Read();
            if (name || version || sha256)
            {
                // An escape in a name is rare; then, and only then, text is made of it.
                var text = reader.ValueIsEscaped ? Encoding.UTF8.GetBytes(reader.GetString()!) : reader.ValueSpan;
                model = name ? model with { Name = text } : version ? model with { Version = text } : model with { Sha256 = text };
            }
            else
            {
                reader.Skip();
            }
        }

        return model;
    }

    /// <summary>Whether the id is the first half of SHA-256 over topic, partition, offset, and the model's name, version and hash, line by line.</summary>
    private bool Fits(ReadOnlySpan<byte> id, int partition, long offset, Model model)
    {
        var lines = ArrayPool<byte>.Shared.Rent(_topic.Length + model.Name.Length + model.Version.Length + model.Sha256.Length + 64);
        var length = 0;
        Append(lines, _topic, ref length);
        Append(lines, partition, ref length);
        Append(lines, offset, ref length);
        Append(lines, model.Name, ref length);
        Append(lines, model.Version, ref length);
        Append(lines, model.Sha256, ref length);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(lines.AsSpan(0, length - 1), hash);
        ArrayPool<byte>.Shared.Return(lines);
        Span<byte> expected = stackalloc byte[SHA256.HashSizeInBytes];
        return Convert.TryToHexStringLower(hash[..16], expected, out _) && id.SequenceEqual(expected);
    }

    private static void Append(byte[] lines, ReadOnlySpan<byte> text, ref int length)
    {
        text.CopyTo(lines.AsSpan(length));
        length += text.Length;
        lines[length++] = (byte)'\n';
    }

    private static void Append(byte[] lines, long number, ref int length)
    {
        number.TryFormat(lines.AsSpan(length), out var written, provider: CultureInfo.InvariantCulture);
        length += written;
        lines[length++] = (byte)'\n';
    }

    private readonly ref struct Model
    {
        public ReadOnlySpan<byte> Name { get; init; }

        public ReadOnlySpan<byte> Version { get; init; }

        public ReadOnlySpan<byte> Sha256 { get; init; }

        public bool IsRead => Sha256.Length > 0;
    }
}

/// <summary>Only whether there is a value.</summary>
internal sealed class HasValue : IDeserializer<bool>
{
    public static readonly HasValue Instance = new();

    public bool Deserialize(ReadOnlySpan<byte> data, bool isNull, SerializationContext context) => !isNull;
}
