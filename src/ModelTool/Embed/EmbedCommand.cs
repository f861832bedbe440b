using System.CommandLine;
using System.Globalization;
using System.Text;
using ModelTool.Evaluate;

namespace ModelTool.Embed;

/// <summary><c>modeltool embed</c>.</summary>
internal static class EmbedCommand
{
    /// <summary>Letters of a text that are shown beside its neighbour.</summary>
    private const int Shown = 60;

    private static readonly Argument<string> Folder = new("BUNDLE") { Description = "Folder of a bundle with an embedding head." };
    private static readonly Argument<string> File = new("FILE") { Description = "CSV file with a column of texts, or any other file with one text a line." };
    private static readonly Option<string?> Out = new("--out") { Description = "Where to write the vectors: .jsonl with the ids, or .npy, an array of float32, both in the order of the texts." };
    private static readonly Option<int> Nearest = new("--nearest") { Description = "Print that many pairs of texts, the most similar of all.", DefaultValueFactory = _ => 0 };
    private static readonly Option<string?> Head = new("--head") { Description = "The embedding head, where there are several." };

    public static Command Create()
    {
        var command = new Command("embed", "Makes a vector of each text with a bundle's embedding head. Give --out, --nearest or both.")
        {
            Folder, File, Out, Nearest, Head, CommonOptions.Text, CommonOptions.Device, CommonOptions.Threads,
        };
        command.SetAction(parsed =>
        {
            var invocation = parsed.InvocationConfiguration;
            return ToolException.Guard(invocation.Error, () => Run(parsed, invocation.Output));
        });
        return command;
    }

    private static void Run(ParseResult parsed, TextWriter output)
    {
        var (path, nearest) = (parsed.GetValue(Out), parsed.GetValue(Nearest));
        if ((path is null && nearest == 0) || nearest < 0)
        {
            throw new ToolException("Say what to make: --out vectors.jsonl, --out vectors.npy, or --nearest 10.");
        }

        using var embedder = Embedder.Open(parsed.GetRequiredValue(Folder), parsed.GetValue(Head), CommonOptions.ReadInfer(parsed));
        var write = path is null ? null : VectorFile.WriterFor(path, embedder.Width);
        var rows = embedder.Embed(TextRows.Read(parsed.GetRequiredValue(File), parsed.GetRequiredValue(CommonOptions.Text)));
        var kept = nearest > 0 ? Keep(rows) : [];
        if (write is not null)
        {
            var count = 0;
            AtomicFile.Write(path!, stream => count = write(stream, nearest > 0 ? kept : rows));
            output.WriteLine($"{path}: {count} vectors of {embedder.Width} numbers");
        }

        foreach (var pair in NearestPairs.Of(kept, nearest))
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{pair.Cosine:0.000}  {Describe(pair.First)}\n       {Describe(pair.Second)}"));
        }
    }

    private static List<Embedded> Keep(IEnumerable<Embedded> rows)
    {
        List<Embedded> kept = [.. rows.Take(NearestPairs.MostRows + 1)];
        return kept.Count <= NearestPairs.MostRows
            ? kept
            : throw new ToolException($"--nearest holds every text against every other, of {NearestPairs.MostRows} at most: give fewer.");
    }

    /// <summary>On one line, with nothing that a terminal would obey.</summary>
    private static string Describe(TextRow row)
    {
        var text = string.Concat(Encoding.UTF8.GetString(row.Text).EnumerateRunes().Take(Shown + 1).Select(rune => Rune.IsControl(rune) ? " " : rune.ToString()));
        return $"{row.Id}: {(text.EnumerateRunes().Count() > Shown ? string.Concat(text.EnumerateRunes().Take(Shown)) + "…" : text)}";
    }
}
