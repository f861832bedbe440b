using System.Text.RegularExpressions;
using StreamScorer.Commands;
using StreamScorer.Configure;
using StreamScorer.Operate;
using StreamScorer.Tests.Operate;

namespace StreamScorer.Tests.Documents;

/// <summary>What documents name must exist: options, metrics, commands with their arguments, files they link to.</summary>
public sealed partial class NamesInDocumentsTests
{
    /// <summary>Everything but decisions and measurements, which tell of their day.</summary>
    public static TheoryData<string> Documents => [.. new[] { "docs", "samples", "models", "deploy" }
        .SelectMany(folder => Directory.GetFiles(Repository.PathOf(folder), "*.md", SearchOption.AllDirectories))
        .Select(file => Path.GetRelativePath(Repository.Root, file).Replace('\\', '/'))
        .Where(file => file != "docs/decisions.md"), "README.md", "CONTRIBUTING.md"];

    [Theory]
    [MemberData(nameof(Documents))]
    public void Options_ShouldExist(string document)
    {
        var options = typeof(Settings).GetProperties().ToDictionary(section => section.Name, section => section.PropertyType.GetProperties().Where(option => option.CanWrite).Select(option => option.Name).ToHashSet(StringComparer.Ordinal));
        var unknown = Option().Matches(Read(document))
            .Where(name => options.TryGetValue(name.Groups[1].Value, out var section) && !section.Contains(name.Groups[2].Value.Replace("_FILE", "", StringComparison.Ordinal)))
            .Select(name => name.Value);

        Assert.Empty(unknown);
    }

    [Theory]
    [MemberData(nameof(Documents))]
    public void Metrics_ShouldBeServed(string document)
    {
        using var telemetry = new Telemetry(TimeProvider.System);
        using var page = new MetricsPage(telemetry);
        MetricsPageTests.Fill(telemetry);
        var served = Type().Matches(page.Render()).Select(type => type.Groups[1].Value).ToHashSet(StringComparer.Ordinal);

        Assert.All(Metric().Matches(Read(document)).Select(name => name.Value), name => Assert.Contains(served.Contains(name) ? name : Part().Replace(name, ""), served));
    }

    /// <summary>Every line of a code block that calls the program, as its own parser reads it. A placeholder is a value like any other; what stands behind # or three spaces explains.</summary>
    [Theory]
    [MemberData(nameof(Documents))]
    public void Commands_ShouldParse(string document)
    {
        var root = StreamScorerCommand.Create();
        foreach (Match line in Command().Matches(Read(document)))
        {
            var command = Comment().Replace(line.Groups[1].Value, "").Replace("…", "x", StringComparison.Ordinal).Replace("\\\n", " ", StringComparison.Ordinal);
            var errors = root.Parse(System.CommandLine.Parsing.CommandLineParser.SplitCommandLine(command.Split(" |", 2)[0].Split(" >", 2)[0]).ToArray()).Errors;
            Assert.True(errors.Count == 0, $"{document}: streamscorer {command}: {string.Join(' ', errors.Select(error => error.Message))}");
        }
    }

    [Theory]
    [MemberData(nameof(Documents))]
    public void Links_ShouldLeadSomewhere(string document)
    {
        var folder = Path.GetDirectoryName(Repository.PathOf(document))!;
        foreach (Match link in Link().Matches(Read(document)))
        {
            var (file, anchor) = link.Groups[1].Value.Split('#', 2) is [var path, var place] ? (path, place) : (link.Groups[1].Value, null);
            var target = file.Length == 0 ? Repository.PathOf(document) : Path.Combine(folder, file);
            Assert.True(File.Exists(target) || Directory.Exists(target), $"{document} links to {file}, which is not there.");
            Assert.True(anchor is null || Headings(File.ReadAllText(target)).Contains(anchor), $"{document} links to {file}#{anchor}, and there is no such heading.");
        }
    }

    private static string Read(string document) => File.ReadAllText(Repository.PathOf(document.Split('/')));

    /// <summary>Anchors as GitHub makes them of headings.</summary>
    private static HashSet<string> Headings(string page)
        => Heading().Matches(page).Select(heading => NoAnchor().Replace(heading.Groups[1].Value.Trim().ToLowerInvariant(), "").Replace(' ', '-')).ToHashSet(StringComparer.Ordinal);

    [GeneratedRegex(@"(?<![:\w])([A-Z][a-z]+):([A-Z]\w+)")]
    private static partial Regex Option();

    [GeneratedRegex(@"\bstreamscorer_[a-z_]*[a-z]\b")]
    private static partial Regex Metric();

    [GeneratedRegex("_(bucket|sum|count)$")]
    private static partial Regex Part();

    [GeneratedRegex(@"^# TYPE (\w+) \w+$", RegexOptions.Multiline)]
    private static partial Regex Type();

    [GeneratedRegex(@"^ {4,}(?:.*\| )?(?:streamscorer|\./build\.sh run) ((?:[^\n\\]|\\\n|\\.)*)", RegexOptions.Multiline)]
    private static partial Regex Command();

    [GeneratedRegex(@"\s(#|\s{2}).*$")]
    private static partial Regex Comment();

    [GeneratedRegex(@"\]\((?!https?:)([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex("^#+ (.*)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NoAnchor();
}
