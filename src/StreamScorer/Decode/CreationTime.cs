using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;

namespace StreamScorer.Decode;

/// <summary>Reads when a post was written.</summary>
internal static class CreationTime
{
    /// <summary>Longest text that can be a time: seven fractional digits and an offset, with some room.</summary>
    public const int MaxBytes = 40;

    // From here on a number means milliseconds: as seconds it would be the year 5138, as milliseconds 1973.
    private const double LeastMilliseconds = 1e11;

    private static readonly long MostMilliseconds = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    private static readonly SearchValues<byte> TimeBytes = SearchValues.Create("0123456789-:.+TZ"u8);

    /// <param name="number">A JSON number: Unix seconds, fractions allowed, or Unix milliseconds.</param>
    /// <returns>Unix milliseconds, UTC; null when it is no time from 1970 to 9999.</returns>
    public static long? FromNumber(ReadOnlySpan<byte> number)
    {
        if (!Utf8Parser.TryParse(number, out double value, out _) || !(value > 0))
        {
            return null;
        }

        var milliseconds = value < LeastMilliseconds ? value * 1_000 : value;
        return milliseconds <= MostMilliseconds ? (long)Math.Round(milliseconds) : null;
    }

    /// <param name="text">ISO 8601-1 in its extended form, such as 2026-11-21T10:00:00Z. Without an offset it is UTC.</param>
    /// <returns>Unix milliseconds, UTC; null when it is another form.</returns>
    public static long? FromIso(ReadOnlySpan<byte> text)
    {
        Span<byte> quoted = stackalloc byte[MaxBytes + 2];
        if (text.Length > MaxBytes || text.ContainsAnyExcept(TimeBytes))
        {
            return null;
        }

        quoted[0] = (byte)'"';
        text.CopyTo(quoted[1..]);
        quoted[text.Length + 1] = (byte)'"';
        var reader = new Utf8JsonReader(quoted[..(text.Length + 2)]);
        reader.Read();

        // Asked for an offset it lacks, the reader would take that of this machine.
        if (!reader.TryGetDateTime(out var plain))
        {
            return null;
        }

        return plain.Kind == DateTimeKind.Unspecified
            ? new DateTimeOffset(plain, TimeSpan.Zero).ToUnixTimeMilliseconds()
            : reader.TryGetDateTimeOffset(out var exact) ? exact.ToUnixTimeMilliseconds() : null;
    }
}
