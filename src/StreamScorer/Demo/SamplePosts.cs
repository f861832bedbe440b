using CsvHelper;
using StreamScorer.Operate;

namespace StreamScorer.Demo;

/// <summary>One row of <c>samples/posts.csv</c>; its labels are for <c>score</c> and not read here.</summary>
internal sealed record SamplePost(string Id, string Text);

/// <summary>The posts that the demo replays.</summary>
internal sealed class SamplePosts
{
    /// <summary>Between a row's id and the number of the pass, from the second pass on.</summary>
    private const char PassMark = '~';

    private const string DefaultFile = "samples/posts.csv";

    private readonly Dictionary<string, string> _texts;

    public SamplePosts(IReadOnlyList<SamplePost> posts)
    {
        Posts = posts;
        _texts = posts.ToDictionary(post => post.Id, post => post.Text, StringComparer.Ordinal);
    }

    /// <summary>In file order.</summary>
    public IReadOnlyList<SamplePost> Posts { get; }

    /// <param name="file">A CSV file with the columns id and text; null: the one that comes with the program.</param>
    /// <exception cref="StartupException">The file is missing, has not these columns, repeats an id, or is empty.</exception>
    public static SamplePosts Load(string? file = null)
    {
        var path = file ?? Find();
        try
        {
            using var stream = File.OpenRead(path);
            return new SamplePosts(Read(stream, path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"The sample posts cannot be read: {e.Message}");
        }
        catch (CsvFormatException e)
        {
            throw new StartupException($"'{path}' is not well-formed CSV: {e.Message}");
        }
    }

    /// <summary>The id of a row in a pass, the first being 0. Every record of an endless replay has its own.</summary>
    public static string IdOf(SamplePost post, int pass) => pass == 0 ? post.Id : $"{post.Id}{PassMark}{pass + 1}";

    /// <summary>The text of the row that a replayed id came from; null for an id that is not ours.</summary>
    public string? TextOf(string id)
    {
        if (_texts.TryGetValue(id, out var text))
        {
            return text;
        }

        var mark = id.LastIndexOf(PassMark);
        return mark < 0 ? null : _texts.GetValueOrDefault(id[..mark]);
    }

    private static List<SamplePost> Read(FileStream stream, string path)
    {
        using var csv = CsvReader.Create(stream, new CsvReaderOptions { Separator = ',', TrimWhitespace = false }, leaveOpen: true);
        csv.ReadHeader();
        if (!csv.TryGetFieldIndex("id", out var id) || !csv.TryGetFieldIndex("text", out var text))
        {
            throw new StartupException($"'{path}' needs the columns id and text. It has: {string.Join(", ", csv.Headers)}.");
        }

        var posts = new List<SamplePost>();
        while (csv.Read())
        {
            posts.Add(new SamplePost(csv.GetString(id), csv.GetString(text)));
        }

        var twice = posts.CountBy(post => post.Id, StringComparer.Ordinal).FirstOrDefault(count => count.Value > 1).Key;
        return posts.Count == 0 ? throw new StartupException($"'{path}' has no posts. Name a CSV file with the columns id and text.")
            : twice is not null ? throw new StartupException($"'{path}' has the id '{twice}' twice. Give every post an id of its own.")
            : posts;
    }

    private static string Find() => ProgramFiles.Find(DefaultFile, File.Exists)
        ?? throw new StartupException($"There is no {DefaultFile}, neither here nor beside the program. Run the demo from the repository, or name a CSV file with the columns id and text.");
}
