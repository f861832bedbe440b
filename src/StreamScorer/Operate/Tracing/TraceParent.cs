using System.Buffers.Text;
using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace StreamScorer.Operate.Tracing;

/// <summary>The header by which a trace goes on: W3C Trace Context, section 3.2.</summary>
internal readonly record struct TraceParent(ActivityTraceId Trace, ActivitySpanId Span, byte Flags)
{
    public const string Header = "traceparent";
    public const string StateHeader = "tracestate";

    public const byte SampledFlag = 0x01;

    private const int Length = 55;

    /// <summary>Tells that the trace's id is random, which whoever passes it on has to say too.</summary>
    private const byte RandomFlag = 0x02;

    /// <summary>Whoever sent it records this trace.</summary>
    public bool IsSampled => (Flags & SampledFlag) != 0;

    /// <summary>Allocates nothing unless it is well-formed.</summary>
    /// <param name="header">Whatever came: nothing here trusts it.</param>
    public static bool TryParse(ReadOnlySpan<byte> header, out TraceParent parent)
    {
        parent = default;
        if (header.Length < Length || header[2] != '-' || header[35] != '-' || header[52] != '-' || !TryByte(header[..2], out var version) || !TryByte(header[53..55], out var flags))
        {
            return false;
        }

        // Later versions may append to what version 0 has, behind another hyphen; ff is none.
        var fits = version == 0 ? header.Length == Length : version != 0xFF && (header.Length == Length || header[Length] == '-');
        var trace = header[3..35];
        var span = header[36..52];
        if (!fits || !IsId(trace) || !IsId(span))
        {
            return false;
        }

        parent = new TraceParent(ActivityTraceId.CreateFromUtf8String(trace), ActivitySpanId.CreateFromUtf8String(span), flags);
        return true;
    }

    /// <summary>The header of whatever comes next, with us as its parent.</summary>
    public byte[] ToBytes() => Encoding.ASCII.GetBytes(ToString());

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"00-{Trace.ToHexString()}-{Span.ToHexString()}-{Flags & (SampledFlag | RandomFlag):x2}");

    private static bool TryByte(ReadOnlySpan<byte> hex, out byte value)
    {
        value = 0;
        return IsLowerHex(hex) && Utf8Parser.TryParse(hex, out value, out _, 'x');
    }

    /// <summary>Ids of zeros only are none.</summary>
    private static bool IsId(ReadOnlySpan<byte> hex) => IsLowerHex(hex) && hex.ContainsAnyExcept((byte)'0');

    private static bool IsLowerHex(ReadOnlySpan<byte> hex)
    {
        foreach (var c in hex)
        {
            if (c is not ((>= (byte)'0' and <= (byte)'9') or (>= (byte)'a' and <= (byte)'f')))
            {
                return false;
            }
        }

        return true;
    }
}
