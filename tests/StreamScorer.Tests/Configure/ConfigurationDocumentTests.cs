using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using StreamScorer.Configure;

namespace StreamScorer.Tests.Configure;

public sealed partial class ConfigurationDocumentTests
{
    [Fact]
    public void Page_ShouldSayWhatTheOptionsSay()
    {
        var page = Repository.PathOf("docs", "configuration.md");
        var expected = ConfigurationDocument.Write();
        if (Environment.GetEnvironmentVariable("UPDATE_DOCS") == "1")
        {
            File.WriteAllText(page, expected);
        }

        Assert.True(File.Exists(page) && expected == File.ReadAllText(page), "docs/configuration.md is out of date. Write it anew: UPDATE_DOCS=1 ./build.sh test");
    }

    [Fact]
    public void Page_ShouldNameTheRealDefaults()
    {
        var defaults = Row().Matches(ConfigurationDocument.Write());
        var settings = new Settings();
        Assert.NotEmpty(defaults);
        foreach (Match row in defaults)
        {
            var section = typeof(Settings).GetProperty(row.Groups[1].Value)!.GetValue(settings)!;
            var value = section.GetType().GetProperty(row.Groups[2].Value)!.GetValue(section);
            var shown = value switch
            {
                null or System.Collections.ICollection { Count: 0 } => "none",
                TimeSpan { Milliseconds: 0 } span => span.ToString("c", CultureInfo.InvariantCulture),
                TimeSpan span => span.ToString(@"hh\:mm\:ss\.fff", CultureInfo.InvariantCulture),
                bool flag => flag ? "true" : "false",
                _ => Convert.ToString(value, CultureInfo.InvariantCulture),
            };
            Assert.Equal($"{row.Groups[1]}:{row.Groups[2]} = {shown}", $"{row.Groups[1]}:{row.Groups[2]} = {row.Groups[3]}");
        }
    }

    /// <summary>The page is written by the same code that is tested here, so this looks at the settings themselves, and at what the loader takes.</summary>
    [Fact]
    public void Page_ShouldHaveEveryOptionThatCanBeSet_AndNoOther()
    {
        var rows = Row().Matches(File.ReadAllText(Repository.PathOf("docs", "configuration.md"))).Select(row => $"{row.Groups[1]}:{row.Groups[2]}").ToList();
        var faults = new List<string>();
        SettingsLoader.Bind(new ConfigurationBuilder().AddInMemoryCollection(rows.Select(row => KeyValuePair.Create(row, (string?)"?"))).Build(), faults);

        Assert.Equal(typeof(Settings).GetProperties().Sum(section => section.PropertyType.GetProperties().Count(option => option.CanWrite)), rows.Count);
        Assert.DoesNotContain(faults, fault => fault.Contains("there is no such", StringComparison.Ordinal));
    }

    [Fact]
    public void Page_ShouldNameEveryEnvironmentVariableThatTheProgramReads()
    {
        var page = File.ReadAllText(Repository.PathOf("docs", "configuration.md"));
        var read = new[] { "StreamScorer", "Shared" }.SelectMany(project => Directory.GetFiles(Repository.PathOf("src", project), "*.cs", SearchOption.AllDirectories))
            .SelectMany(file => Variable().Matches(File.ReadAllText(file))).Select(name => name.Groups[1].Value).Distinct().ToList();

        Assert.Contains("XDG_STATE_HOME", read);
        Assert.All(read, name => Assert.Contains(name, page, StringComparison.Ordinal));
    }

    [GeneratedRegex(@"Variable(?:\(| = )""([A-Z_]+)""")]
    private static partial Regex Variable();

    [GeneratedRegex(@"^\| `(\w+):(\w+)` \| ([^|]*) \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
