using System.Text.RegularExpressions;

namespace StreamScorer.Tests.Deploy;

/// <summary>Whether a query selects what is there.</summary>
internal static class QueryAssert
{
    /// <summary>Prometheus makes these itself.</summary>
    private static readonly HashSet<string> OfPrometheus = ["up", "ALERTS"];

    /// <summary>Every metric that the query names is served or recorded, and some series of it has the labels that are asked for.</summary>
    public static void Selects(string query, string where, ILookup<string, IReadOnlyDictionary<string, string>> served)
    {
        var selectors = PromQl.Selectors(query).ToList();
        Assert.True(selectors.Count > 0, $"{where} selects nothing: {query}");
        foreach (var selector in selectors.Where(selector => !OfPrometheus.Contains(selector.Metric) && Rules.All.All(rule => rule.Record != selector.Metric)))
        {
            Assert.True(served.Contains(selector.Metric), $"{where} names {selector.Metric}, which a worker does not serve: {query}");
            Assert.True(
                served[selector.Metric].Any(labels => selector.Matchers.All(matcher => Fits(matcher, labels))),
                $"{where} selects labels that no series of {selector.Metric} has: {query}");
        }
    }

    private static bool Fits((string Label, string Operator, string Value) matcher, IReadOnlyDictionary<string, string> labels) => matcher.Operator switch
    {
        _ when PromQl.TargetLabels.Contains(matcher.Label) => true,
        "=" => labels.TryGetValue(matcher.Label, out var value) && value == matcher.Value,
        "=~" => labels.TryGetValue(matcher.Label, out var value) && Regex.IsMatch(value, $"^(?:{matcher.Value})$"),
        _ => labels.ContainsKey(matcher.Label),
    };
}
