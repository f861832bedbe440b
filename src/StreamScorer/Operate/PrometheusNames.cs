using System.Collections.Frozen;
using System.Globalization;
using System.Text;

namespace StreamScorer.Operate;

/// <summary>
/// OpenTelemetry names to Prometheus names, by the OpenTelemetry specification "Prometheus and OpenMetrics compatibility":
/// dots to underscores, the unit as a suffix, <c>_total</c> on counters.
/// </summary>
internal static class PrometheusNames
{
    private static readonly FrozenDictionary<string, string> Units = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["s"] = "seconds",
        ["ms"] = "milliseconds",
        ["us"] = "microseconds",
        ["ns"] = "nanoseconds",
        ["min"] = "minutes",
        ["h"] = "hours",
        ["d"] = "days",
        ["By"] = "bytes",
        ["%"] = "percent",
        ["1"] = "", // a ratio is told by the name already, where there is one
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <param name="unit">UCUM; a remark in braces, such as <c>{record}</c>, says what is counted and is no unit.</param>
    public static string Metric(string name, string? unit, bool counter)
    {
        var result = new StringBuilder(Clean(name, colon: true));
        if (Suffix(unit) is { Length: > 0 } suffix && !result.ToString().EndsWith("_" + suffix, StringComparison.Ordinal))
        {
            result.Append('_').Append(suffix);
        }

        if (counter && !result.ToString().EndsWith("_total", StringComparison.Ordinal))
        {
            result.Append("_total");
        }

        return result.ToString();
    }

    public static string Label(string name) => Clean(name, colon: false);

    /// <summary>A number as the text format wants it: shortest form that reads back as the same number.</summary>
    public static string Number(double value)
        => double.IsNaN(value) ? "NaN"
            : double.IsPositiveInfinity(value) ? "+Inf"
            : double.IsNegativeInfinity(value) ? "-Inf"
            : value.ToString("R", CultureInfo.InvariantCulture);

    /// <summary>A HELP text: backslash and line feed escaped.</summary>
    public static string Help(string text)
        => text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    /// <summary>A label value: as a HELP text, and the quote too.</summary>
    public static string Value(string text) => Help(text).Replace("\"", "\\\"", StringComparison.Ordinal);

    private static string Suffix(string? unit)
    {
        if (string.IsNullOrEmpty(unit) || unit[0] == '{')
        {
            return "";
        }

        return Units.TryGetValue(unit, out var known) ? known : Clean(unit, colon: false);
    }

    private static string Clean(string name, bool colon)
    {
        var clean = new StringBuilder(name.Length + 1);
        foreach (var c in name)
        {
            var isDigit = char.IsAsciiDigit(c);
            if (isDigit && clean.Length == 0)
            {
                clean.Append('_');
            }

            var c2 = isDigit || char.IsAsciiLetter(c) || (colon && c == ':') ? c : '_';
            if (c2 != '_' || clean.Length == 0 || clean[^1] != '_')
            {
                clean.Append(c2);
            }
        }

        return clean.Length == 0 ? "_" : clean.ToString();
    }
}
