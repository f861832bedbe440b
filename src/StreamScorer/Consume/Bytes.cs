using Confluent.Kafka;

namespace StreamScorer.Consume;

/// <summary>Bytes as they are; null stays null, so that a tombstone can be told from an empty value.</summary>
internal sealed class Bytes : IDeserializer<byte[]?>
{
    public static readonly Bytes Instance = new();

    public byte[]? Deserialize(ReadOnlySpan<byte> data, bool isNull, SerializationContext context) => isNull ? null : data.ToArray();
}
