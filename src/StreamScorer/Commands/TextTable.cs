namespace StreamScorer.Commands;

/// <summary>Columns under headings, numbers to the right, two spaces between: reads well in a terminal and in a log, and cuts well with awk.</summary>
internal static class TextTable
{
    public static void Write(TextWriter output, string[] heads, IReadOnlyList<string[]> rows)
    {
        var widths = heads.Select((head, i) => rows.Select(row => row[i].Length).Append(head.Length).Max()).ToArray();
        var toTheRight = heads.Select((_, i) => rows.All(row => row[i].All(c => char.IsAsciiDigit(c) || c == '-') || row == rows[^1])).ToArray();
        foreach (var row in rows.Prepend(heads))
        {
            output.WriteLine(string.Join("  ", row.Select((cell, i) => toTheRight[i] ? cell.PadLeft(widths[i]) : cell.PadRight(widths[i]))).TrimEnd());
        }
    }
}
