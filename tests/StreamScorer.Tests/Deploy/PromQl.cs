using System.Text.RegularExpressions;

namespace StreamScorer.Tests.Deploy;

/// <summary>A selector of a query: a metric, and what its labels must be.</summary>
internal sealed record Selector(string Metric, IReadOnlyList<(string Label, string Operator, string Value)> Matchers);

/// <summary>What a query names. Whether it is well-formed, promtool says.</summary>
internal static partial class PromQl
{
    /// <summary>Labels that Prometheus adds to what a worker tells.</summary>
    public static readonly IReadOnlySet<string> TargetLabels = new HashSet<string>(["job", "instance", "namespace", "pod"], StringComparer.Ordinal);

    private static readonly HashSet<string> Keywords = new(["and", "or", "unless", "offset", "bool", "inf", "nan"], StringComparer.OrdinalIgnoreCase);

    /// <summary>Every metric that is selected, in order of appearance.</summary>
    public static IEnumerable<Selector> Selectors(string query)
        => Part().Matches(Grouping().Replace(query, " "))
            .Where(part => part.Groups["metric"].Success && !Keywords.Contains(part.Groups["metric"].Value))
            .Select(part => new Selector(
                part.Groups["metric"].Value,
                [.. Matcher().Matches(part.Groups["matchers"].Value).Select(m => (m.Groups[1].Value, m.Groups[2].Value, m.Groups[3].Value))]));

    /// <summary>Lists of labels look like names of metrics.</summary>
    [GeneratedRegex(@"\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)")]
    private static partial Regex Grouping();

    /// <summary>A string, a call, or a selector; letters after a digit belong to a duration or a number.</summary>
    [GeneratedRegex("""
        "(?:[^"\\]|\\.)*"|(?<![\w:.])(?>[a-zA-Z_:][\w:]*)\s*\(|(?<![\w:.])(?<metric>(?>[a-zA-Z_:][\w:]*))\s*(?:\{(?<matchers>(?:[^}"]|"(?:[^"\\]|\\.)*")*)\})?
        """)]
    private static partial Regex Part();

    [GeneratedRegex("""
        (\w+)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"
        """)]
    private static partial Regex Matcher();
}
