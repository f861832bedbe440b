using System.Text;
using System.Text.RegularExpressions;

namespace StreamScorer.Tests.Deploy;

public sealed partial class DashboardTests(LivePage page)
{
    private static readonly IReadOnlyList<Panel> Panels = [.. Dashboard.All.SelectMany(dashboard => dashboard.Panels)];

    [Fact]
    public async Task Queries_ShouldNameOnlyWhatAWorkerServes()
    {
        var served = await page.SeriesAsync();

        Assert.All(Dashboard.All.SelectMany(dashboard => dashboard.Queries()), query => QueryAssert.Selects(query.Query, query.Where, served));
    }

    [Fact]
    public async Task Queries_ShouldBeWellFormed()
    {
        var file = Path.Combine(Path.GetTempPath(), $"streamscorer-queries-{Guid.NewGuid():N}.yml");
        var rules = new StringBuilder("groups:\n- name: queries\n  rules:\n");
        foreach (var (index, query) in Dashboard.All.SelectMany(dashboard => dashboard.Queries()).Index())
        {
            rules.Append(System.Globalization.CultureInfo.InvariantCulture, $"  - record: query:{index}\n    expr: '{query.Query.Replace("'", "''", StringComparison.Ordinal)}'\n");
        }

        try
        {
            await File.WriteAllTextAsync(file, rules.ToString());
            var (code, output) = await Promtool.RunAsync("", "check", "rules", file);

            Assert.True(code == 0, output);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void Panels_ShouldSayWhatTheyShow()
        => Assert.All(Panels, panel =>
        {
            Assert.NotEmpty(panel.Title ?? "");
            if (panel.Type != "row")
            {
                Assert.False(string.IsNullOrEmpty(panel.Unit), $"{panel.Name} has no unit.");
                Assert.False(string.IsNullOrEmpty(panel.Description), $"{panel.Name} has no description.");
                Assert.NotEmpty(panel.Queries);
            }
        });

    [Fact]
    public void Panels_ShouldNotOverlap()
        => Assert.All(Dashboard.All, dashboard =>
        {
            foreach (var (index, panel) in dashboard.Panels.Index())
            {
                Assert.InRange(panel.Place.X + panel.Place.Width, 1, 24);
                Assert.DoesNotContain(dashboard.Panels.Skip(index + 1), other => other.Overlaps(panel));
            }
        });

    [Fact]
    public void Panels_ShouldHaveNumbersOfTheirOwn()
        => Assert.All(Dashboard.All, dashboard => Assert.Distinct(dashboard.Panels.Select(panel => panel.Json.GetProperty("id").GetInt32())));

    [Fact]
    public void Dashboards_ShouldAskTheProvisionedDataSource()
    {
        var provisioned = File.ReadAllText(Path.Combine(Dashboard.Folder, "provisioning", "datasources", "prometheus.yml"));

        var asked = Dashboard.All.SelectMany(dashboard => DataSource().Matches(dashboard.Json.GetRawText())).Select(match => match.Groups[1].Value).Distinct();

        Assert.Equal([Provisioned().Match(provisioned).Groups[1].Value], asked);
    }

    [GeneratedRegex("""
        "datasource":\s*\{"type": "prometheus", "uid": "(\w+)"\}
        """)]
    private static partial Regex DataSource();

    [GeneratedRegex(@"(?m)^    uid: (\w+)$")]
    private static partial Regex Provisioned();
}
