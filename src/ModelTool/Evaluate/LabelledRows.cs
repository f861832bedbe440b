using System.Globalization;
using CsvHelper;

namespace ModelTool.Evaluate;

/// <summary>A CSV file with the columns <c>id</c>, optionally <c>source</c>, and a column a head with the true label; empty means unknown.</summary>
internal sealed class LabelledRows : IDisposable
{
    private readonly CsvReader _csv;
    private readonly string _file;
    private readonly bool _hasSource;

    public LabelledRows(string file)
    {
        _file = file;
        _csv = CsvReader.FromFile(file, CsvReaderOptions.Default with
        {
            Separator = ',', // not guessed from the first lines, which a post's text could mislead
            TrackLineNumbers = true,
            MalformedData = CsvMalformedDataHandling.Throw,
            FieldCountMismatch = CsvFieldCountHandling.Throw,
            IncludeValuesInExceptions = false,
        });
        if (!HasColumn("id"))
        {
            _csv.Dispose();
            throw new ToolException($"{file} needs a header line with a column 'id'.");
        }

        _hasSource = HasColumn("source");
    }

    public string Id => _csv.GetString("id");

    public string Source => _hasSource && _csv.GetString("source") is { Length: > 0 } source ? source : "-";

    public bool HasColumn(string name) => _csv.TryGetFieldIndex(name, out _);

    /// <summary>Goes to the next row; false at the end.</summary>
    public bool Next()
    {
        try
        {
            return _csv.Read();
        }
        catch (CsvFormatException e)
        {
            throw new ToolException($"{_file}, line {e.LineNumber}, is not valid CSV: {e.Message}", e);
        }
    }

    /// <summary>Index of the true label: the cell holds an index or a label's name. Null where it is empty.</summary>
    public int? Truth(string head, IReadOnlyList<string> labels)
    {
        var cell = _csv.GetString(head).Trim();
        if (cell.Length == 0)
        {
            return null;
        }

        for (var i = 0; i < labels.Count; i++)
        {
            if (labels[i] == cell)
            {
                return i;
            }
        }

        return int.TryParse(cell, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < labels.Count
            ? index
            : throw new ToolException(
                $"{_file}, line {_csv.LineNumber}: column '{head}' must hold one of {string.Join(", ", labels)}, or its index from 0.");
    }

    public void Dispose() => _csv.Dispose();
}
