using System.Text;
using Google.Protobuf;

namespace StreamScorer.Tests.Operate.Otlp;

/// <summary>A protobuf message by the numbers of its fields, as OpenTelemetry's .proto files give them.</summary>
internal sealed class ProtoMessage
{
    private readonly List<(int Field, object Value)> _fields = [];

    public static ProtoMessage Parse(byte[] bytes)
    {
        var message = new ProtoMessage();
        var input = new CodedInputStream(bytes);
        while (input.ReadTag() is var tag && tag != 0)
        {
            object value = WireFormat.GetTagWireType(tag) switch
            {
                WireFormat.WireType.Varint => input.ReadUInt64(),
                WireFormat.WireType.Fixed64 => input.ReadFixed64(),
                WireFormat.WireType.Fixed32 => input.ReadFixed32(),
                WireFormat.WireType.LengthDelimited => input.ReadBytes().ToByteArray(),
                var other => throw new FormatException($"A {other} is no field of OTLP."),
            };
            message._fields.Add((WireFormat.GetTagFieldNumber(tag), value));
        }

        return message;
    }

    public bool Has(int field) => _fields.Any(found => found.Field == field);

    public ulong Number(int field) => (ulong?)_fields.LastOrDefault(found => found.Field == field && found.Value is ulong).Value ?? 0;

    public byte[] Bytes(int field) => (byte[]?)_fields.LastOrDefault(found => found.Field == field).Value ?? [];

    public string Text(int field) => Encoding.UTF8.GetString(Bytes(field));

    public string Hex(int field) => Convert.ToHexStringLower(Bytes(field));

    public IReadOnlyList<ProtoMessage> All(int field) => [.. _fields.Where(found => found.Field == field).Select(found => Parse((byte[])found.Value))];

    public ProtoMessage One(int field) => All(field).Single();

    /// <summary>Pairs of a key (1) and a value (2), which is a text (1), a truth (2) or a whole number (3).</summary>
    public IReadOnlyDictionary<string, string> Attributes(int field)
        => All(field).ToDictionary(pair => pair.Text(1), pair => pair.One(2) is var value && value.Has(1) ? value.Text(1) : value.Has(2) ? $"{value.Number(2) == 1}" : $"{value.Number(3)}");

    /// <summary>Metrics of an ExportMetricsServiceRequest by their names.</summary>
    public IReadOnlyDictionary<string, ProtoMessage> Metrics()
        => All(1).SelectMany(resource => resource.All(2)).SelectMany(scope => scope.All(2)).ToDictionary(metric => metric.Text(1));

    /// <summary>Spans of an ExportTraceServiceRequest.</summary>
    public IEnumerable<ProtoMessage> Spans() => All(1).SelectMany(resource => resource.All(2)).SelectMany(scope => scope.All(2));

    /// <summary>Attributes of the first resource of a request.</summary>
    public IReadOnlyDictionary<string, string> Resource() => All(1)[0].One(1).Attributes(1);
}
