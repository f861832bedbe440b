using StreamScorer.Operate;

namespace StreamScorer.Tests.Operate;

public sealed class PrometheusNamesTests
{
    [Theory]
    [InlineData("a.b", null, true, "a_b_total")]
    [InlineData("a.b", "{record}", false, "a_b")]
    [InlineData("a.duration", "s", false, "a_duration_seconds")]
    [InlineData("a.duration_seconds", "s", false, "a_duration_seconds")]
    [InlineData("a.memory", "By", true, "a_memory_bytes_total")]
    [InlineData("a.events_total", null, true, "a_events_total")]
    [InlineData("a.ratio", "1", false, "a_ratio")]
    [InlineData("3way.böse--name", null, false, "_3way_b_se_name")]
    [InlineData("a:b", "By/s", false, "a:b_By_s")]
    public void Metric_ShouldFollowPrometheus(string name, string? unit, bool counter, string expected)
        => Assert.Equal(expected, PrometheusNames.Metric(name, unit, counter));

    [Theory]
    [InlineData("a.b:c", "a_b_c")]
    [InlineData("0", "_0")]
    public void Label_ShouldFollowPrometheus(string name, string expected) => Assert.Equal(expected, PrometheusNames.Label(name));

    [Theory]
    [InlineData(0.1, "0.1")]
    [InlineData(1e21, "1E+21")]
    [InlineData(double.NaN, "NaN")]
    [InlineData(double.PositiveInfinity, "+Inf")]
    [InlineData(double.NegativeInfinity, "-Inf")]
    [InlineData(-3, "-3")]
    public void Number_ShouldFollowTheTextFormat(double value, string expected) => Assert.Equal(expected, PrometheusNames.Number(value));

    [Fact]
    public void Help_ShouldKeepQuotes_AndEscapeLineFeeds() => Assert.Equal("a \"b\" \\\\ \\n", PrometheusNames.Help("a \"b\" \\ \n"));
}
