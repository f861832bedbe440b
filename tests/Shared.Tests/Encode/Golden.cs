using System.IO.Compression;
using System.Text;
using System.Text.Json;
using StreamScorer.Shared.Encode;

namespace Shared.Tests.Encode;

/// <summary>The fixtures of the tokenizer and the tokenizers they were made with.</summary>
internal static class Golden
{
    private static readonly Lazy<Subject> LazyUncased = new(() => Load("vocab-uncased.txt.gz", new TokenizerSettings()));
    private static readonly Lazy<Subject> LazyCased = new(() => Load("vocab-cased.txt.gz", new TokenizerSettings { LowerCase = false }));
    private static readonly Lazy<Subject> LazyCasedStrip =
        new(() => Load("vocab-cased.txt.gz", new TokenizerSettings { LowerCase = false, StripAccents = true }));

    public static Subject Uncased => LazyUncased.Value;

    public static Subject Cased => LazyCased.Value;

    public static Subject CasedStrip => LazyCasedStrip.Value;

    public static IEnumerable<JsonElement> Lines(string file)
    {
        using var reader = Open(file);
        while (reader.ReadLine() is { } line)
        {
            yield return JsonSerializer.Deserialize<JsonElement>(line);
        }
    }

    public static byte[] Text(this JsonElement line, string name) => Encoding.UTF8.GetBytes(line.GetProperty(name).GetString()!);

    public static int Max(this JsonElement line) => line.GetProperty("max").GetInt32();

    public static int[] Ints(this JsonElement line, string name) => line.GetProperty(name).Deserialize<int[]>()!;

    /// <summary>A vocabulary as a file of its own: the tokenizer reads files.</summary>
    public static string[] VocabularyLines(string file)
    {
        using var reader = Open(file);
        return reader.ReadToEnd().Split('\n');
    }

    private static StreamReader Open(string file) =>
        new(new GZipStream(File.OpenRead(Path.Combine(AppContext.BaseDirectory, "Fixtures", "golden", file)), CompressionMode.Decompress));

    private static Subject Load(string file, TokenizerSettings settings)
    {
        var lines = VocabularyLines(file);
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            var path = Path.Combine(folder.FullName, "vocab.txt");
            File.WriteAllText(path, string.Join('\n', lines));
            return new Subject(BertTokenizer.Load(path, settings), lines);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    public sealed record Subject(BertTokenizer Tokenizer, string[] Vocabulary)
    {
        public string Decode(IEnumerable<int> ids) => string.Join(' ', ids.Select(id => $"{id}:{Vocabulary[id]}"));
    }
}
