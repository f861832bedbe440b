using System.Globalization;
using System.Text.Json;
using CsvHelper;
using StreamScorer.Shared.Bundle;

namespace Bench;

/// <summary>What the comparisons run on.</summary>
internal static class Samples
{
    /// <summary>Different texts in samples/posts.csv. A group of more would hold equal ones, which are scored once: that would flatter.</summary>
    public const int Unique = 2_000;

    public static string Root { get; } = FindRoot();

    public static string Bundle => Path.Combine(Root, "models", "minilm-moderation");

    /// <summary>The machine's own name of its processor.</summary>
    public static string Processor => File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal))?.Split(':', 2)[1].Trim() ?? "unknown processor";

    /// <summary>The texts of samples/posts.csv over and over, UTF-8.</summary>
    public static IReadOnlyList<byte[]> Texts(int count)
    {
        var texts = TextsOf(Path.Combine(Root, "samples", "posts.csv"));
        return [.. Enumerable.Range(0, count).Select(i => texts[i % texts.Count])];
    }

    /// <summary>The column 'text' of a CSV file, UTF-8.</summary>
    public static IReadOnlyList<byte[]> TextsOf(string file)
    {
        using var csv = CsvReader.FromFile(file, CsvReaderOptions.Default);
        var texts = new List<byte[]>();
        while (csv.Read())
        {
            texts.Add(csv.GetSpan("text").ToArray());
        }

        return texts;
    }

    public static List<ReadOnlyMemory<int>> Tokenize(ModelBundle bundle, IReadOnlyList<byte[]> texts)
    {
        var tokenizer = bundle.LoadTokenizer();
        var ids = new int[bundle.Manifest.MaxTokens];
        return [.. texts.Select(text => (ReadOnlyMemory<int>)ids[..tokenizer.Encode(text, ids, out _)])];
    }

    /// <summary>A post as the input topic has it.</summary>
    public static byte[] Post(int id, byte[] text)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("id", id.ToString(CultureInfo.InvariantCulture));
            writer.WriteString("text", text);
            writer.WriteEndObject();
        }

        return buffer.ToArray();
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "StreamScorer.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("Run the comparisons inside a checkout: samples and models are read from it.");
        }

        return folder.FullName;
    }
}
