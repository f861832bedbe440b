using System.Security.Cryptography;
using System.Text;
using CsvHelper;
using ModelTool.Texts;
using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Encode;

namespace ModelTool.Train;

/// <summary>Reads all labelled rows and splits them into those to train on and those to measure on.</summary>
internal sealed partial class ExampleReader
{
    private readonly TrainConfig _config;
    private readonly BertTokenizer _tokenizer;
    private readonly PostEncoder _encoder;
    private readonly int[] _ids;
    private readonly int[] _segments;
    private readonly Teacher? _teacher;
    private readonly List<Example> _train = [];
    private readonly List<Example> _dev = [];
    private int _unlabelled;

    private ExampleReader(TrainConfig config, BertTokenizer tokenizer)
    {
        (_config, _tokenizer) = (config, tokenizer);
        _encoder = new PostEncoder(tokenizer, config.MaxTokens, config.Segments);
        _ids = new int[config.MaxTokens];
        _segments = new int[config.MaxTokens];
        _teacher = config.Data.Teacher.Scores.Count > 0 ? new Teacher(config.Data.Teacher, config.Heads) : null;
    }

    /// <param name="split">What the row's split column says.</param>
    /// <param name="text">Called where the text matters.</param>
    private delegate Part Division(string? split, Func<string> text);

    private enum Part
    {
        Train,
        Dev,
        Neither,
    }

    /// <exception cref="ToolException">A file is not as the configuration says, or a head has nothing to learn.</exception>
    public static ExampleSet Read(TrainConfig config, BertTokenizer tokenizer)
    {
        var reader = new ExampleReader(config, tokenizer);
        foreach (var file in config.Data.Train)
        {
            reader.Read(file, config.Data.Dev.Count > 0 ? (_, _) => Part.Train : config.Data.Split is null ? ByHash : BySplit);
        }

        foreach (var file in config.Data.Dev)
        {
            reader.Read(file, (_, _) => Part.Dev);
        }

        var set = new ExampleSet(reader._train, reader._dev, reader._unlabelled);
        Require(set, config);
        return set;
    }

    private void Read(string file, Division partOf)
    {
        if (TextFiles.IsConll(file))
        {
            ReadSentences(file, partOf);
            return;
        }

        if (TextFiles.IsSquad(file))
        {
            ReadQuestions(file, partOf);
            return;
        }

        try
        {
            ReadRows(file, partOf);
        }
        catch (CsvFormatException e)
        {
            throw new ToolException($"{file}, line {e.LineNumber}, is not valid CSV: {e.Message}", e);
        }
    }

    private void ReadRows(string file, Division partOf)
    {
        using var rows = new ExampleFile(file, _config.Data, _config.Heads);
        while (rows.Next())
        {
            var source = rows.Source;
            var part = partOf(rows.Split, () => rows.Text);
            if (part == Part.Neither || _config.Data.Without.Contains(source))
            {
                continue;
            }

            if (Labelled(rows.Labels()) is not { } labels)
            {
                continue;
            }

            if (part == Part.Dev)
            {
                _dev.AddRange(Encode(rows, labels, weight: 1)); // measured by what its labels say, and by nothing else
                continue;
            }

            var assumed = rows.Assumed(labels);
            var soft = _teacher?.Teach(rows.Id, labels, assumed, [.. _config.Heads.Values]) ?? assumed;
            _train.AddRange(Encode(rows, labels, WeightOf(source)).Select(example => example with { Soft = soft }));
        }
    }

    /// <summary>The labels; null where no head has one, and the row is counted as left out.</summary>
    private short[][]? Labelled(short[][] labels)
    {
        var any = labels.Any(head => head.Any(label => label >= 0));
        _unlabelled += any ? 0 : 1;
        return any ? labels : null;
    }

    private void Add(Part part, Example example) => (part == Part.Train ? _train : _dev).Add(example);

    private float WeightOf(string source) => _config.Data.SourceWeights.GetValueOrDefault(source, 1);

    /// <summary>Several only for a text in segments: each has the text's labels, and together they count as much as one row.</summary>
    private List<Example> Encode(ExampleFile row, short[][] labels, float weight)
    {
        var text = Encoding.UTF8.GetBytes(row.Text);
        if (row.Pair is not { } pair)
        {
            var encoded = _encoder.Encode(text, _ids);
            return (encoded.Segments ?? [encoded.Ids])
                .Select((ids, i) => new Example(ids.ToArray(), null, labels, weight / encoded.Rows) { Part = new TextPart(i, encoded.Rows) })
                .ToList();
        }

        var count = _tokenizer.EncodePair(text, Encoding.UTF8.GetBytes(pair), _ids, _segments, out _);
        return [new Example([.. _ids.AsSpan(0, count)], [.. _segments.AsSpan(0, count)], labels, weight)];
    }

    private static Part BySplit(string? split, Func<string> text) => split switch
    {
        "train" => Part.Train,
        "dev" => Part.Dev,
        _ => Part.Neither,
    };

    // By the text, so that a text that occurs twice is not in both.
    private static Part ByHash(string? split, Func<string> text) => SHA256.HashData(Encoding.UTF8.GetBytes(text()))[0] % 5 == 0 ? Part.Dev : Part.Train;

    private static void Require(ExampleSet set, TrainConfig config)
    {
        if (set.Train.Count == 0 || set.Dev.Count == 0)
        {
            throw new ToolException(
                $"There are {set.Train.Count} labelled rows to train on and {set.Dev.Count} to measure on, and both are needed: look at data.dev, data.split and data.without.");
        }

        foreach (var (i, (name, head)) in config.Heads.Index())
        {
            var seen = set.Train.SelectMany(row => row.Labels[i]).Where(label => label >= 0).Distinct().Count();
            if (seen == 0)
            {
                throw new ToolException($"No training row has a label for the head '{name}': look at its column, or leave the head out.");
            }

            if (seen == 1 && head.ParsedKind != HeadKind.Span)
            {
                throw new ToolException($"All training rows of the head '{name}' have the same label{(head.Kind == "sigmoid" ? " value" : "")}: there is nothing to tell apart.");
            }

            if (!set.Dev.Any(row => row.Has(i)))
            {
                throw new ToolException($"No development row has a label for the head '{name}': add some, or leave the head out.");
            }
        }
    }
}
