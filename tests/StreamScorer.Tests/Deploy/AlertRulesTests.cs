namespace StreamScorer.Tests.Deploy;

public sealed class AlertRulesTests(LivePage page)
{
    [Fact]
    public async Task Rules_ShouldBeValid()
    {
        var (code, output) = await Promtool.RunAsync("", "check", "rules", Rules.File);

        Assert.True(code == 0, output);
    }

    [Fact]
    public async Task Rules_ShouldFireAndNotFire_AsTheirTestsSay()
    {
        var (code, output) = await Promtool.RunAsync("", ["test", "rules", .. Rules.TestFiles]);

        Assert.True(code == 0, output);
    }

    [Fact]
    public void Tests_ShouldSeeEveryAlertFireAndNotFire()
        => Assert.Equal(
            Rules.Alerts.SelectMany(rule => new[] { (rule.Alert!, false), (rule.Alert!, true) }).Order(),
            Rules.Tested().Distinct().Order());

    [Fact]
    public async Task Rules_ShouldNameOnlyWhatAWorkerServes()
    {
        var served = await page.SeriesAsync();

        Assert.All(Rules.All, rule => QueryAssert.Selects(rule.Expr, rule.Record ?? rule.Alert!, served));
    }

    [Fact]
    public void Alerts_ShouldSayWhatItIsAndWhereToRead()
        => Assert.All(Rules.Alerts, rule =>
        {
            Assert.Contains(rule.Labels["severity"], new[] { "critical", "warning" });
            Assert.NotEmpty(rule.Annotations["summary"]);
            Assert.NotEmpty(rule.Annotations["description"]);
            Assert.Equal($"docs/runbook.md#{rule.Alert!.ToLowerInvariant()}", rule.Annotations["runbook_url"]);
        });

    [Fact]
    public void Prometheus_ShouldLoadTheRules()
        => Assert.Matches(@"(?m)^rule_files: \[alerts\.yml\]$", File.ReadAllText(Path.Combine(Rules.Folder, "prometheus.yml")));
}
