using System.Globalization;
using CsvHelper;
using StreamScorer.Shared.Bundle;

namespace ModelTool.Train;

/// <summary>Reads labelled rows from a CSV file with a header line; every fault is named with file and line, and never with the text.</summary>
/// <remarks>Quoting that is wrong comes as a <see cref="CsvFormatException"/> from any member: fields are looked at when they are asked for.</remarks>
internal sealed class ExampleFile : IDisposable
{
    private readonly CsvReader _csv;
    private readonly string _file;
    private readonly DataConfig _data;
    private readonly IReadOnlyDictionary<string, HeadConfig> _heads;
    private readonly bool _hasSource;

    public ExampleFile(string file, DataConfig data, IReadOnlyDictionary<string, HeadConfig> heads)
    {
        (_file, _data, _heads) = (file, data, heads);
        _csv = CsvReader.FromFile(file, CsvReaderOptions.Default with
        {
            Separator = ',', // not guessed from the first lines, which a post's text could mislead
            TrackLineNumbers = true,
            TrimWhitespace = false,
            MalformedData = CsvMalformedDataHandling.Throw,
            FieldCountMismatch = CsvFieldCountHandling.Throw,
            IncludeValuesInExceptions = false,
        });
        try
        {
            RequireColumns();
            _hasSource = _csv.TryGetFieldIndex(data.Source, out _);
        }
        catch
        {
            _csv.Dispose();
            throw;
        }
    }

    public string Text => NotEmpty(_data.Text);

    /// <summary>The second text; null where there are no pairs.</summary>
    public string? Pair => _data.Pair is { } column ? NotEmpty(column) : null;

    /// <summary>What the split column says; null where there is none.</summary>
    public string? Split => _data.Split is { } column ? _csv.GetString(column) : null;

    public string Source => _hasSource ? _csv.GetString(_data.Source) : "";

    /// <summary>By which a teacher's scores are found; asked for only where there is a teacher.</summary>
    public string Id => _csv.GetString(_data.Teacher.Id);

    /// <summary>Goes to the next row; false at the end.</summary>
    public bool Next() => _csv.Read();

    /// <summary>The row's labels as <see cref="Example"/> keeps them.</summary>
    public short[][] Labels() => [.. _heads.Select(head => head.Value.ParsedKind switch
    {
        HeadKind.Softmax => Softmax(head.Key, head.Value),
        HeadKind.Sigmoid => Sigmoid(head.Value),
        _ => head.Value.NoLabels(),
    })];

    /// <summary>By head, the label that a row without one is taken to have; null where it has one or none is assumed.</summary>
    public SoftLabel?[] Assumed(short[][] labels) => [.. _heads.Values.Select((head, i) => head.Assume.Count == 0 || labels[i][0] >= 0 ? null : Assumed(head))];

    public void Dispose() => _csv.Dispose();

    private SoftLabel? Assumed(HeadConfig head)
    {
        var rule = head.Assume.FirstOrDefault(rule => rule.Values.Contains(_csv.GetString(rule.Column)));
        return rule is null ? null : SoftLabel.Certain(head.Labels.IndexOf(rule.Label), head.Labels.Count, rule.Weight);
    }

    private short[] Softmax(string name, HeadConfig head)
    {
        var column = head.Column ?? name;
        var cell = _csv.GetString(column).Trim();
        return [cell.Length == 0 ? (short)-1 : Index(head, column, cell)];
    }

    private short[] Sigmoid(HeadConfig head)
    {
        if (head.Column is { } column)
        {
            var cell = _csv.GetString(column);
            var labels = new short[head.Labels.Count];
            if (string.IsNullOrWhiteSpace(cell))
            {
                labels.AsSpan().Fill(-1);
            }

            foreach (var label in cell.Trim() == "-" ? [] : cell.Split([' ', ',', ';', '|'], StringSplitOptions.RemoveEmptyEntries))
            {
                labels[Index(head, column, label)] = 1;
            }

            return labels;
        }

        return [.. head.Labels.Select(label => _csv.GetString(label).Trim() switch
        {
            "" => (short)-1,
            "0" => (short)0,
            "1" => (short)1,
            _ => throw Fault($"column '{label}' must hold 0, 1 or nothing"),
        })];
    }

    private short Index(HeadConfig head, string column, string cell)
    {
        var index = head.Labels.IndexOf(cell);
        if (index >= 0 || (int.TryParse(cell, NumberStyles.None, CultureInfo.InvariantCulture, out index) && index < head.Labels.Count))
        {
            return (short)index;
        }

        throw Fault($"column '{column}' holds a label that the head does not have; it has {string.Join(", ", head.Labels)}");
    }

    private string NotEmpty(string column)
    {
        var text = _csv.GetString(column);
        return string.IsNullOrWhiteSpace(text) ? throw Fault($"column '{column}' is empty") : text;
    }

    private void RequireColumns()
    {
        var columns = _heads
            .Where(head => head.Value.ParsedKind is HeadKind.Softmax or HeadKind.Sigmoid)
            .SelectMany(head => head.Value is { Kind: "sigmoid", Column: null } ? head.Value.Labels : [head.Value.Column ?? head.Key])
            .Prepend(_data.Text)
            .Concat(_heads.Values.SelectMany(head => head.Assume).Select(rule => rule.Column))
            .Concat(_data.Teacher.Scores.Count > 0 ? [_data.Teacher.Id] : [])
            .Concat(((string?[])[_data.Pair, _data.Split]).OfType<string>());
        var missing = columns.Distinct().Where(column => !_csv.TryGetFieldIndex(column, out _)).ToList();
        if (missing.Count > 0)
        {
            throw new ToolException($"{_file} has no column {string.Join(", ", missing.Select(column => $"'{column}'"))}: name the columns in the configuration.");
        }
    }

    private ToolException Fault(string what) => new($"{_file}, line {_csv.LineNumber}: {what}.");
}
