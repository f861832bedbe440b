using StreamScorer.Operate;
using StreamScorer.Tests.Deploy;

namespace StreamScorer.Tests.Operate;

public sealed class PromtoolTests
{
    [Fact]
    public async Task Render_ShouldPassPromtool()
    {
        using var telemetry = new Telemetry(TimeProvider.System);
        using var page = new MetricsPage(telemetry);
        MetricsPageTests.Fill(telemetry);
        telemetry.ModelInfo("quote \" backslash \\ line\nfeed", "1", "ab", "cpu");
        telemetry.EndToEnd(double.PositiveInfinity, double.NaN);

        var (code, output) = await Promtool.RunAsync(page.Render(), "check", "metrics");

        Assert.True(code == 0 && output.Length == 0, $"promtool check metrics ended with {code}:\n{output}");
    }

    [Fact]
    public async Task Promtool_ShouldComplain_WhenACounterLacksItsSuffix()
    {
        var (code, _) = await Promtool.RunAsync("# HELP a b\n# TYPE a counter\na 1\n", "check", "metrics");

        Assert.NotEqual(0, code);
    }
}
