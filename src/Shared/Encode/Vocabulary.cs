using System.Text;

namespace StreamScorer.Shared.Encode;

/// <summary>A vocab.txt: one token a line, the line's number is its id.</summary>
internal sealed class Vocabulary
{
    private const string ContinuationPrefix = "##";
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);
    private readonly string _file;

    private Vocabulary(string file, string[] lines)
    {
        _file = file;
        Size = lines.Length;
        for (var id = 0; id < lines.Length; id++)
        {
            // Trimmed, and the last of equal lines wins: both as in the reference.
            _ids[lines[id].TrimEnd()] = id;
        }

        (Cls, Sep, Pad, Unknown) = (Special("[CLS]"), Special("[SEP]"), Special("[PAD]"), Special("[UNK]"));
        Starts = Pieces(continuations: false);
        Continuations = Pieces(continuations: true);
    }

    public int Size { get; }

    public int Cls { get; }

    public int Sep { get; }

    public int Pad { get; }

    public int Unknown { get; }

    /// <summary>Entries that start a word, sorted by their bytes.</summary>
    public Piece[] Starts { get; }

    /// <summary>Entries that continue one, without prefix, sorted by their bytes.</summary>
    public Piece[] Continuations { get; }

    /// <exception cref="InvalidDataException">The file is absent, is not UTF-8 or lacks a control token.</exception>
    public static Vocabulary Load(string file) => new(file, ReadLines(file));

    /// <summary>The entries as they are written, by id.</summary>
    /// <exception cref="InvalidDataException">The file is absent or not UTF-8.</exception>
    public static string[] ReadLines(string file)
    {
        try
        {
            // Not ReadAllLines: it would guess encodings, and end lines where the reference does not.
            var lines = Strict.GetString(File.ReadAllBytes(file)).TrimStart('\uFEFF').Split('\n');
            return lines[^1].Length == 0 ? lines[..^1] : lines;
        }
        catch (DecoderFallbackException)
        {
            throw new InvalidDataException($"{file}: not UTF-8; a vocabulary is a text file with one token a line");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InvalidDataException($"{file}: cannot be read: {e.Message}", e);
        }
    }

    private int Special(string token) => _ids.TryGetValue(token, out var id)
        ? id
        : throw new InvalidDataException($"{_file}: no line {token}; this is no BERT vocabulary, or it is cut off");

    private Piece[] Pieces(bool continuations)
    {
        var pieces = new List<Piece>();
        foreach (var (token, id) in _ids)
        {
            if (token.StartsWith(ContinuationPrefix, StringComparison.Ordinal) == continuations)
            {
                var bytes = Strict.GetBytes(continuations ? token[ContinuationPrefix.Length..] : token);

                // Longer than any word: can never match.
                if (bytes.Length is > 0 and <= WordReader.MaxWordBytes)
                {
                    pieces.Add(new Piece(bytes, id));
                }
            }
        }

        pieces.Sort((a, b) => a.Bytes.AsSpan().SequenceCompareTo(b.Bytes));
        return [.. pieces];
    }
}
