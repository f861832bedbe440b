using System.Text;
using System.Text.Unicode;
using CsvHelper;
using ModelTool.Evaluate;
using StreamScorer.Shared.Encode;

namespace ModelTool.Embed;

/// <summary>A text to embed.</summary>
/// <param name="Id">From the column <c>id</c>; without one the row's number from 1.</param>
internal sealed record TextRow(string Id, byte[] Text);

/// <summary>Reads texts: a column of a CSV file (by its ending), or one text a line of any other file.</summary>
internal static class TextRows
{
    /// <exception cref="ToolException">A row has no text, or the file is not what its ending says.</exception>
    public static IEnumerable<TextRow> Read(string file, string column) =>
        Path.GetExtension(file).Equals(".csv", StringComparison.OrdinalIgnoreCase) ? ReadCsv(file, column) : ReadLines(file);

    private static IEnumerable<TextRow> ReadCsv(string file, string column)
    {
        using var csv = LabelledRows.Open(file);
        if (!csv.TryGetFieldIndex(column, out var text))
        {
            throw new ToolException($"{file} needs a header line with a column '{column}', the texts to embed (another name: --text-column).");
        }

        var hasId = csv.TryGetFieldIndex("id", out var id);
        for (var number = 1; Next(csv, file); number++)
        {
            yield return Check(new TextRow(hasId ? csv.GetString(id) : $"{number}", csv.GetSpan(text).ToArray()), file, csv.LineNumber);
        }
    }

    private static bool Next(CsvReader csv, string file)
    {
        try
        {
            return csv.Read();
        }
        catch (CsvFormatException e)
        {
            throw new ToolException($"{file}, line {e.LineNumber}, is not valid CSV: {e.Message}", e);
        }
    }

    private static IEnumerable<TextRow> ReadLines(string file)
    {
        // Latin-1 keeps every byte as it is, so that bad UTF-8 is seen and not replaced.
        foreach (var (i, line) in File.ReadLines(file, Encoding.Latin1).Index())
        {
            yield return Check(new TextRow($"{i + 1}", Encoding.Latin1.GetBytes(line)), file, i + 1);
        }
    }

    // Not left out: the n-th vector is the n-th row's, whoever reads it.
    private static TextRow Check(TextRow row, string file, long line)
    {
        var fault = !Utf8.IsValid(row.Text) ? "is not valid UTF-8" : BlankText.Is(row.Text) ? "has no text" : null;
        return fault is null ? row : throw new ToolException($"{file}, line {line} {fault}: correct it or take it out.");
    }
}
