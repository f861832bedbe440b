using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace StreamScorer.Tests.Deploy;

/// <summary>One rule of deploy/prometheus/alerts.yml: it records or it alerts.</summary>
internal sealed record Rule
{
    public string? Record { get; init; }

    public string? Alert { get; init; }

    public string Expr { get; init; } = "";

    public Dictionary<string, string> Labels { get; init; } = [];

    public Dictionary<string, string> Annotations { get; init; } = [];
}

/// <summary>The rule files and their tests, read.</summary>
internal static class Rules
{
    public static readonly string Folder = Repository.PathOf("deploy", "prometheus");

    public static readonly string File = Path.Combine(Folder, "alerts.yml");

    private static readonly IDeserializer Yaml = new DeserializerBuilder().WithNamingConvention(UnderscoredNamingConvention.Instance).IgnoreUnmatchedProperties().Build();

    public static IReadOnlyList<Rule> All { get; } = [.. Read<RuleFile>(File).Groups.SelectMany(group => group.Rules)];

    public static IReadOnlyList<Rule> Alerts { get; } = [.. All.Where(rule => rule.Alert is not null)];

    public static IReadOnlyList<string> TestFiles { get; } = [.. Directory.GetFiles(Folder, "*.test.yml").Order(StringComparer.Ordinal)];

    /// <summary>Alerts that the unit tests look for, and whether they must fire.</summary>
    public static IEnumerable<(string Alert, bool Fires)> Tested()
        => TestFiles.SelectMany(file => Read<TestFile>(file).Tests).SelectMany(test => test.AlertRuleTest).Select(test => (test.Alertname, test.ExpAlerts.Count > 0));

    private static T Read<T>(string file) => Yaml.Deserialize<T>(System.IO.File.ReadAllText(file));

    private sealed record RuleFile
    {
        public List<RuleGroup> Groups { get; init; } = [];
    }

    private sealed record RuleGroup
    {
        public List<Rule> Rules { get; init; } = [];
    }

    private sealed record TestFile
    {
        public List<RuleTest> Tests { get; init; } = [];
    }

    private sealed record RuleTest
    {
        public List<AlertTest> AlertRuleTest { get; init; } = [];
    }

    private sealed record AlertTest
    {
        public string Alertname { get; init; } = "";

        public List<Dictionary<string, object>> ExpAlerts { get; init; } = [];
    }
}
