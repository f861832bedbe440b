using System.Text.RegularExpressions;
using StreamScorer.Operate;

namespace StreamScorer.Tests.Operate;

public sealed partial class MetricsDocumentTests
{
    [Fact]
    public void Table_ShouldNameEveryMetricWithTypeAndLabels()
    {
        using var telemetry = new Telemetry(TimeProvider.System);
        using var page = new MetricsPage(telemetry);
        MetricsPageTests.Fill(telemetry);

        var served = Served(page.Render());
        var documented = Row().Matches(File.ReadAllText(Repository.PathOf("docs", "metrics.md")))
            .ToDictionary(row => row.Groups[1].Value, row => (row.Groups[2].Value, Sorted(Name().Matches(row.Groups[3].Value).Select(m => m.Value))));

        Assert.Equal(served.OrderBy(pair => pair.Key, StringComparer.Ordinal), documented.OrderBy(pair => pair.Key, StringComparer.Ordinal));
    }

    [Fact]
    public void Page_ShouldNameEveryRuntimeMetricThatIsServed()
    {
        using var telemetry = new Telemetry(TimeProvider.System);
        using var page = new MetricsPage(telemetry);
        var document = File.ReadAllText(Repository.PathOf("docs", "metrics.md"));

        Assert.All(
            Type().Matches(page.Render()).Select(match => match.Groups[1].Value).Where(name => name.StartsWith("dotnet_", StringComparison.Ordinal)),
            name => Assert.Contains($"`{name}`", document, StringComparison.Ordinal));
    }

    private static Dictionary<string, (string Type, string Labels)> Served(string page)
        => Type().Matches(page)
            .Where(match => match.Groups[1].Value.StartsWith("streamscorer_", StringComparison.Ordinal))
            .ToDictionary(match => match.Groups[1].Value, match => (match.Groups[2].Value, Labels(page, match.Groups[1].Value)));

    private static string Labels(string page, string name)
        => Sorted(page.Split('\n')
            .Where(line => Regex.IsMatch(line, $"^{name}(_bucket|_sum|_count)?[ {{]"))
            .SelectMany(line => Label().Matches(line).Select(match => match.Groups[1].Value))
            .Where(label => label != "le")
            .Distinct());

    private static string Sorted(IEnumerable<string> labels) => string.Join(',', labels.Order(StringComparer.Ordinal));

    [GeneratedRegex(@"^\| `(streamscorer_\w+)` \| (\w+) \|([^|]*)\|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"\w+")]
    private static partial Regex Name();

    [GeneratedRegex(@"^# TYPE (\w+) (\w+)$", RegexOptions.Multiline)]
    private static partial Regex Type();

    [GeneratedRegex(@"[{,](\w+)=""")]
    private static partial Regex Label();
}
