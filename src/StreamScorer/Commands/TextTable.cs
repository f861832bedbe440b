namespace StreamScorer.Commands;

/// <summary>Columns under headings, two spaces between: reads well in a terminal and in a log, and cuts well with awk.</summary>
internal static class TextTable
{
    /// <param name="isNumber">Whether the column with this heading is aligned to the right.</param>
    public static void Write(TextWriter output, string[] heads, IReadOnlyList<string[]> rows, Predicate<string> isNumber)
    {
        var widths = heads.Select((head, i) => rows.Select(row => row[i].Length).Append(head.Length).Max()).ToArray();
        foreach (var row in rows.Prepend(heads))
        {
            output.WriteLine(string.Join("  ", row.Select((cell, i) => isNumber(heads[i]) ? cell.PadLeft(widths[i]) : cell.PadRight(widths[i]))).TrimEnd());
        }
    }
}
