namespace StreamScorer.Tests.Deploy;

public sealed class PromQlTests
{
    [Theory]
    [InlineData("up == 0 or absent(up{job=\"a\"})", "up up")]
    [InlineData("1 - sum by (namespace, job) (rate(a_bucket{le=~\"10|10[.]0\"}[5m])) / b_count", "a_bucket b_count")]
    [InlineData("a * on (job) group_left () (b offset 1h)", "a b")]
    [InlineData("label_replace(a, \"policy\", \"$1\", \"version\", \"(.+)\")", "a")]
    [InlineData("job:a:ratio_rate5m > 14.4 * 0.01 and 1e3 < c{x=\"}\"}", "job:a:ratio_rate5m c")]
    public void Selectors_ShouldNameEveryMetric(string query, string metrics)
        => Assert.Equal(metrics, string.Join(' ', PromQl.Selectors(query).Select(selector => selector.Metric)));

    [Fact]
    public void Selectors_ShouldTellWhatLabelsMustBe()
        => Assert.Equal(
            [("outcome", "=~", "a|b"), ("partition", "!=", "0")],
            Assert.Single(PromQl.Selectors("rate(x{outcome=~\"a|b\", partition!=\"0\"}[5m])")).Matchers);
}
