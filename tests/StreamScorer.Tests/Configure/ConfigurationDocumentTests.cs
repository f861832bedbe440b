using System.Globalization;
using System.Text.RegularExpressions;
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

    [GeneratedRegex(@"^\| `(\w+):(\w+)` \| ([^|]*) \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
