using System.Globalization;
using System.Text;
using System.Text.Json;
using StreamScorer.Commands;
using StreamScorer.Demo;

namespace StreamScorer.DeadLetters;

/// <summary>Dead letters for people and, line by line, for machines. The text of a post only where one record is asked for.</summary>
internal static class LetterText
{
    private static readonly string[] Heads = ["at", "reason", "source", "dead since", "key", "bytes", "replays", "replayed"];

    public static void Table(IEnumerable<(DeadLetter Letter, bool Replayed)> letters, TextWriter output)
        => TextTable.Write(output, Heads, [.. letters.Select(l => Row(l.Letter, l.Replayed))], isNumber: head => head is "bytes" or "replays");

    /// <summary>One JSON object, without the value.</summary>
    public static string Json(DeadLetter letter, bool replayed)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteNumber("partition", letter.Partition);
            writer.WriteNumber("offset", letter.Offset);
            writer.WriteString("reason", letter.Reason);
            writer.WriteString("message", letter.Message);
            writer.WriteStartObject("source");
            writer.WriteString("topic", letter.SourceTopic);
            writer.WriteNumber("partition", letter.SourcePartition);
            writer.WriteNumber("offset", letter.SourceOffset);
            writer.WriteNumber("timestamp", letter.Timestamp);
            writer.WriteEndObject();
            writer.WriteNumber("dead_at", letter.DeadAt);
            writer.WriteString("key", letter.Key is null ? null : Encoding.UTF8.GetString(letter.Key));
            writer.WriteNumber("bytes", letter.Value?.Length ?? 0);
            writer.WriteNumber("replays", letter.Replays);
            writer.WriteBoolean("replayed", replayed);
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }

    /// <summary>The whole record; what could steer a terminal is shown as an escape.</summary>
    public static void Whole(DeadLetter letter, TextWriter output)
    {
        output.WriteLine($"at          {letter.Partition}:{letter.Offset}");
        output.WriteLine($"dead since  {Time(letter.DeadAt)}");
        output.WriteLine($"key         {(letter.Key is null ? "(none)" : Printable(letter.Key))}");
        foreach (var header in letter.Headers)
        {
            output.WriteLine($"header      {Printable(Encoding.UTF8.GetBytes(header.Key))}: {(header.GetValueBytes() is { } value ? Printable(value) : "(null)")}");
        }

        output.WriteLine($"value       {letter.Value?.Length.ToString(CultureInfo.InvariantCulture) ?? "no"} bytes");
        output.WriteLine();
        output.WriteLine(letter.Value is null ? "(none)" : Printable(letter.Value));
    }

    private static string[] Row(DeadLetter letter, bool replayed) =>
    [
        FormattableString.Invariant($"{letter.Partition}:{letter.Offset}"),
        TerminalText.Clean(letter.Reason, 40),
        FormattableString.Invariant($"{TerminalText.Clean(letter.SourceTopic, 60)} {letter.SourcePartition}:{letter.SourceOffset}"),
        Time(letter.DeadAt),
        letter.Key is null ? "(none)" : TerminalText.Clean(Encoding.UTF8.GetString(letter.Key), 30),
        (letter.Value?.Length ?? 0).ToString(CultureInfo.InvariantCulture),
        letter.Replays.ToString(CultureInfo.InvariantCulture),
        replayed ? "yes" : "",
    ];

    private static string Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>Text where the bytes are text, else their hexadecimal digits.</summary>
    private static string Printable(byte[] bytes)
    {
        if (!System.Text.Unicode.Utf8.IsValid(bytes))
        {
            return $"(no UTF-8) {Convert.ToHexStringLower(bytes)}";
        }

        var text = new StringBuilder();
        foreach (var rune in Encoding.UTF8.GetString(bytes).EnumerateRunes())
        {
            var steers = Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator && rune.Value != '\n';
            text.Append(steers ? FormattableString.Invariant($"\\u{{{rune.Value:x}}}") : rune.ToString());
        }

        return text.ToString();
    }
}
