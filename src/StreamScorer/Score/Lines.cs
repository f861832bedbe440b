using System.Text;
using CsvHelper;
using StreamScorer.Operate;

namespace StreamScorer.Score;

/// <summary>How the input of <c>score</c> is cut into posts.</summary>
internal enum LineFormat
{
    /// <summary>One JSON object a line, as in the topic.</summary>
    Json,

    /// <summary>CSV with a header line; one column is the text.</summary>
    Csv,

    /// <summary>One post a line.</summary>
    Text,
}

/// <summary>One post of the input. Id is null where the format has none of its own.</summary>
internal readonly record struct Line(string? Id, byte[] Value);

/// <summary>The input of <c>score</c>, opened.</summary>
internal sealed class Lines : IDisposable
{
    private readonly Stream _stream;
    private readonly string _textColumn;
    private readonly string _idColumn;

    /// <summary>Bytes already read, to guess the format by them.</summary>
    private byte[] _head = [];

    private Lines(Stream stream, LineFormat format, bool isMany, string textColumn = "text", string idColumn = "id")
        => (_stream, Format, IsMany, _textColumn, _idColumn) = (stream, format, isMany, textColumn, idColumn);

    public LineFormat Format { get; }

    /// <summary>False for a single text from the command line, where progress would be noise.</summary>
    public bool IsMany { get; }

    /// <param name="input">A path, <c>-</c> or null for standard input, else a text.</param>
    /// <exception cref="StartupException">A name that looks like a file and is none.</exception>
    public static Lines Open(string? input, LineFormat? format, string textColumn, string idColumn)
    {
        if (input is null or "-")
        {
            if (input is null && !Console.IsInputRedirected)
            {
                throw new StartupException("There is nothing to score. Give a text in quotes, a file, or a pipe: streamscorer score \"some text\"");
            }

            var stream = new BufferedStream(Console.OpenStandardInput(), 1 << 16);
            return format is { } given
                ? new Lines(stream, given, isMany: true, textColumn, idColumn)
                : Guess(stream);
        }

        if (File.Exists(input))
        {
            return new Lines(new FileStream(input, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16), format ?? ByEnding(input) ?? LineFormat.Text, isMany: true, textColumn, idColumn);
        }

        // Without this, a mistyped file name would be scored as a text, and nobody would notice.
        if (ByEnding(input) is not null && !input.Any(char.IsWhiteSpace))
        {
            throw new StartupException($"There is no file '{input}'. (A text that ends like a file name can be piped: echo '{input}' | streamscorer score -)");
        }

        return new Lines(new MemoryStream(Encoding.UTF8.GetBytes(input.ReplaceLineEndings(" "))), format ?? LineFormat.Text, isMany: false);
    }

    /// <summary>All posts, in order.</summary>
    /// <exception cref="StartupException">A CSV without the named column.</exception>
    public IEnumerable<Line> Read() => Format == LineFormat.Csv ? ReadCsv() : ReadLines();

    public void Dispose() => _stream.Dispose();

    private static Lines Guess(BufferedStream stream)
    {
        var first = stream.ReadByte();
        return new Lines(stream, first == '{' ? LineFormat.Json : LineFormat.Text, isMany: true) { _head = first < 0 ? [] : [(byte)first] };
    }

    private static LineFormat? ByEnding(string path) => Path.GetExtension(path).ToUpperInvariant() switch
    {
        ".JSONL" or ".NDJSON" or ".JSON" => LineFormat.Json,
        ".CSV" => LineFormat.Csv,
        ".TXT" => LineFormat.Text,
        _ => null,
    };

    /// <summary>Bytes up to each line feed, a carriage return before it dropped. Bytes and not text, so that bad UTF-8 reaches the decoder as it is.</summary>
    private IEnumerable<Line> ReadLines()
    {
        var line = new MemoryStream();
        foreach (var chunk in Chunks())
        {
            var rest = chunk;
            int end;
            while ((end = rest.Span.IndexOf((byte)'\n')) >= 0)
            {
                line.Write(rest.Span[..end]);
                yield return Cut(line);
                rest = rest[(end + 1)..];
            }

            line.Write(rest.Span);
        }

        // A text from the command line is one post even when it is empty: an answer is expected.
        if (line.Length > 0 || !IsMany)
        {
            yield return Cut(line);
        }
    }

    private IEnumerable<ReadOnlyMemory<byte>> Chunks()
    {
        yield return _head;
        var buffer = new byte[1 << 16];
        int read;
        while ((read = _stream.Read(buffer)) > 0)
        {
            yield return buffer.AsMemory(0, read);
        }
    }

    private static Line Cut(MemoryStream line)
    {
        var bytes = line.ToArray();
        line.SetLength(0);
        return new Line(null, bytes is [.., (byte)'\r'] ? bytes[..^1] : bytes);
    }

    private IEnumerable<Line> ReadCsv()
    {
        using var csv = CsvReader.Create(_stream, new CsvReaderOptions { Separator = ',', TrimWhitespace = false }, leaveOpen: true);
        csv.ReadHeader();
        if (!csv.TryGetFieldIndex(_textColumn, out var text))
        {
            throw new StartupException($"The CSV has no column '{_textColumn}'. It has: {Names(csv.Headers)}. Name the one with the text: --text-column NAME");
        }

        var hasId = csv.TryGetFieldIndex(_idColumn, out var id);
        while (csv.Read())
        {
            yield return new Line(hasId ? csv.GetString(id) : null, csv.GetSpan(text).ToArray());
        }
    }

    /// <summary>A file without a header begins with a text, and texts are not to be printed: only what looks like names.</summary>
    private static string Names(IEnumerable<string> headers)
    {
        var names = headers.ToLookup(header => header.Length <= 32 && header.All(c => char.IsLetterOrDigit(c) || c is '_' or '-' or '.'));
        return string.Join(", ", [.. names[true], .. names[false].Any() ? new[] { $"{names[false].Count()} that do not look like names" } : []]);
    }
}
