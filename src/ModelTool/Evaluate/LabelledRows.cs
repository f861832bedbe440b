using System.Globalization;
using System.Security.Cryptography;
using CsvHelper;
using StreamScorer.Shared.Bundle;

namespace ModelTool.Evaluate;

/// <summary>
/// A CSV file with the columns <c>id</c>, optionally <c>source</c> and <c>text</c>, and the true labels; empty means unknown. A softmax head has a column with a label or its
/// index; a sigmoid head one with its labels (several separated by <c>|</c>, <c>;</c>, a comma or a space; <c>-</c> for none), or a column a label with 0 or 1.
/// </summary>
internal sealed class LabelledRows : IDisposable
{
    private const int LongestName = 40;

    private static readonly char[] Separators = ['|', ';', ','];

    private readonly CsvReader _csv;
    private readonly LabelledColumns _columns;
    private readonly bool _hasSource;

    public LabelledRows(string file, LabelledColumns columns)
    {
        File = file;
        _columns = columns;
        _csv = Open(file);
        try
        {
            Need("id", "the posts' ids");
            _hasSource = HasColumn("source");
            Slices = columns.Slices ?? (_hasSource ? ["source"] : []);
            foreach (var slice in Slices)
            {
                Need(slice, "what --slice names");
            }

            foreach (var (head, column) in columns.Heads)
            {
                Need(column, $"what --column names for head '{head}'");
            }

            foreach (var column in columns.Where.Keys)
            {
                Need(column, "what --where names");
            }
        }
        catch
        {
            _csv.Dispose();
            throw;
        }
    }

    public string File { get; }

    /// <summary>The file's name without its folder, and which of its rows count.</summary>
    public string Name => Path.GetFileName(File) + Filter;

    /// <summary>Which rows count, to be put behind a name; empty where all do.</summary>
    public string Filter => _columns.Where.Count == 0 ? "" : $" where {string.Join(", ", _columns.Where.Select(pair => $"{pair.Key}={pair.Value}"))}";

    public IReadOnlyList<string> Slices { get; }

    public string Id => _csv.GetString("id");

    public string Source => _hasSource ? Cell("source") : "-";

    public ReadOnlySpan<byte> Text => _csv.GetSpan(_columns.Text);

    /// <summary>The second text; empty where no column is named for it.</summary>
    public ReadOnlySpan<byte> Pair => _columns.Pair is { } column ? _csv.GetSpan(column) : [];

    public string[] SliceValues() => [.. Slices.Select(Cell)];

    /// <summary>Goes to the next row that counts; false at the end.</summary>
    public bool Next()
    {
        try
        {
            while (_csv.Read())
            {
                if (_columns.Where.All(pair => _csv.GetString(pair.Key) == pair.Value))
                {
                    return true;
                }
            }

            return false;
        }
        catch (CsvFormatException e)
        {
            throw new ToolException($"{File}, line {e.LineNumber}, is not valid CSV: {e.Message}", e);
        }
    }

    public void NeedSource() => Need("source", "to know what --without leaves out");

    public void NeedText()
    {
        Need(_columns.Text, "the texts to score (another name: --text-column)");
        if (_columns.Pair is { } pair)
        {
            Need(pair, "what --pair-column names");
        }
    }

    /// <summary>Whether any label of the head could be in the file.</summary>
    public bool Knows(string head, HeadKind kind, IReadOnlyList<string> labels) =>
        HasColumn(ColumnOf(head)) || (kind == HeadKind.Sigmoid && labels.Any(HasColumn));

    /// <summary>By label, whether the row has it; null where the row does not say anything of the head.</summary>
    public bool?[]? Truth(string head, HeadKind kind, IReadOnlyList<string> labels)
    {
        var column = ColumnOf(head);
        if (!HasColumn(column))
        {
            var truth = labels.Select(label => HasColumn(label) ? YesOrNo(label) : null).ToArray();
            return truth.Any(known => known is not null) ? truth : null;
        }

        var cell = _csv.GetString(column).Trim();
        return cell.Length == 0 ? null : kind == HeadKind.Softmax ? One(column, cell, labels) : Several(column, cell, labels);
    }

    public void Dispose() => _csv.Dispose();

    /// <summary>SHA-256 of a file, lower-case hexadecimal.</summary>
    public static string Digest(string file)
    {
        using var stream = System.IO.File.OpenRead(file);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    /// <summary>A CSV file behind its header line; separated by commas, quoting and number of fields checked.</summary>
    public static CsvReader Open(string file)
    {
        if (Directory.Exists(file))
        {
            throw new ToolException($"{file} is a folder, and must be a CSV file with labels.");
        }

        if (TextScores.IsOne(file))
        {
            throw new ToolException($"{file} is no CSV file: entities and answers are measured by 'modeltool evaluate --bundle' alone, two bundles side by side with --against.");
        }

        var csv = CsvReader.FromFile(file, CsvReaderOptions.Default with
        {
            Separator = ',', // not guessed from the first lines, which a post's text could mislead
            TrackLineNumbers = true,
            MalformedData = CsvMalformedDataHandling.Throw,
            FieldCountMismatch = CsvFieldCountHandling.Throw,
            IncludeValuesInExceptions = false,
        });
        try
        {
            csv.ReadHeader();
            return csv;
        }
        catch (CsvFormatException e)
        {
            csv.Dispose();
            throw new ToolException($"{file}, line {Math.Max(1, e.LineNumber)}, is not valid CSV: {e.Message}", e);
        }
    }

    private string ColumnOf(string head) => _columns.Heads.GetValueOrDefault(head, head);

    private bool HasColumn(string name) => !_csv.TryGetFieldIndex(name, 1, out _)
        ? _csv.TryGetFieldIndex(name, out _)
        : throw new ToolException($"{File} has the column '{name}' twice: which one is meant cannot be known.");

    private void Need(string column, string what)
    {
        if (!HasColumn(column))
        {
            throw new ToolException(_csv.Headers.Count == 0
                ? $"{File} is empty: it needs a header line with a column '{column}', {what}."
                : $"{File} needs a header line with a column '{column}', {what}; it has {Headers()}");
        }
    }

    // A file without a header shows its first row here, and a post's text must not be shown.
    private string Headers() => _csv.Headers.All(header => header.Length <= LongestName && header.All(letter => char.IsAsciiLetterOrDigit(letter) || "_-.:/".Contains(letter, StringComparison.Ordinal)))
        ? string.Join(", ", _csv.Headers) + "."
        : "none whose names could be shown: is its first line a header, and are its columns separated by commas?";

    private string Cell(string column) => _csv.GetString(column) is { Length: > 0 } value ? value : "-";

    private bool?[] One(string column, string cell, IReadOnlyList<string> labels)
    {
        var truth = IndexOf(labels, cell);
        if (truth < 0 && (!int.TryParse(cell, NumberStyles.None, CultureInfo.InvariantCulture, out truth) || truth >= labels.Count))
        {
            throw Wrong(column, $"must hold one of {string.Join(", ", labels)}, or its index from 0");
        }

        return [.. labels.Select((_, label) => (bool?)(label == truth))];
    }

    private bool?[] Several(string column, string cell, IReadOnlyList<string> labels)
    {
        if (labels.Count == 1 && cell is "0" or "1")
        {
            return [cell == "1"];
        }

        var names = cell == "-" ? [] : IndexOf(labels, cell) >= 0 ? [cell] : Split(cell);
        var truth = new bool?[labels.Count];
        Array.Fill(truth, false);
        foreach (var name in names)
        {
            var label = IndexOf(labels, name);
            truth[label >= 0 ? label : throw Wrong(column, $"must hold labels of {string.Join(", ", labels)}, separated by |, or - for none")] = true;
        }

        return truth;
    }

    private static string[] Split(string cell)
    {
        const StringSplitOptions Clean = StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries;
        return cell.IndexOfAny(Separators) >= 0 ? cell.Split(Separators, Clean) : cell.Split(' ', Clean);
    }

    private bool? YesOrNo(string column) => _csv.GetString(column).Trim() switch
    {
        "" => null,
        "0" => false,
        "1" => true,
        _ => throw Wrong(column, "must hold 0 or 1"),
    };

    // Not the cell itself: a row that slipped by a column would show a post's text.
    private ToolException Wrong(string column, string rule) => new($"{File}, line {_csv.LineNumber}: column '{column}' {rule}.");

    private static int IndexOf(IReadOnlyList<string> labels, string name)
    {
        for (var i = 0; i < labels.Count; i++)
        {
            if (labels[i] == name)
            {
                return i;
            }
        }

        return -1;
    }
}
