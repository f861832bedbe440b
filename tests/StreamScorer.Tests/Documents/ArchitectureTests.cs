using System.Text.RegularExpressions;

namespace StreamScorer.Tests.Documents;

public sealed partial class ArchitectureTests
{
    [Fact]
    public void Picture_ShouldBeWhatTheCodeSays()
    {
        var file = Repository.PathOf("docs", "images", "record.svg");
        var expected = RecordPicture.Write();
        if (Environment.GetEnvironmentVariable("UPDATE_DOCS") == "1")
        {
            File.WriteAllText(file, expected);
        }

        Assert.True(File.Exists(file) && expected == File.ReadAllText(file), "docs/images/record.svg is out of date. Draw it anew: UPDATE_DOCS=1 ./build.sh test StreamScorer --filter-class '*Architecture*'");
    }

    /// <summary>Classes and files that the page names, by which a newcomer finds the code.</summary>
    [Fact]
    public void Page_ShouldNameOnlyTypesThatExist()
    {
        var files = Directory.GetFiles(Repository.PathOf("src"), "*.cs", SearchOption.AllDirectories);
        var types = files.SelectMany(file => Type().Matches(File.ReadAllText(file))).Select(type => type.Groups[1].Value).ToHashSet(StringComparer.Ordinal);
        var named = Name().Matches(File.ReadAllText(Repository.PathOf("docs", "architecture.md"))).Select(name => name.Groups[1].Value).ToList();

        Assert.NotEmpty(named);
        Assert.All(named, name => Assert.Contains(name, types));
    }

    [GeneratedRegex(@"\b(?:class|record|struct|interface|enum) (?:struct )?(\w+)")]
    private static partial Regex Type();

    [GeneratedRegex(@"`([A-Z][a-z]+[A-Z]\w+)`")]
    private static partial Regex Name();
}
