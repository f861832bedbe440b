using System.Globalization;
using System.Text;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace StreamScorer.Operate;

/// <summary>
/// Metrics in the Prometheus text format 0.0.4. Families by name and series by labels, so that two scrapes can be compared line by line.
/// </summary>
internal static class PrometheusText
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    public static string Write(in Batch<Metric> batch)
    {
        var families = new SortedDictionary<string, Family>(StringComparer.Ordinal);
        foreach (var metric in batch)
        {
            if (TypeOf(metric.MetricType) is not { } type)
            {
                continue;
            }

            var name = PrometheusNames.Metric(metric.Name, metric.Unit, type == "counter");
            if (!families.TryGetValue(name, out var family))
            {
                family = families[name] = new Family(type, metric.Description);
            }

            // Two instruments may map to one name; of two types, a reader would refuse the whole page, so the first one stays.
            if (family.Type == type)
            {
                AddSeries(family.Series, name, metric);
            }
        }

        return Join(families);
    }

    // Exponential histograms have no form in this text format, and no instrument here is one.
    private static string? TypeOf(MetricType type) => type switch
    {
        MetricType.LongSum or MetricType.DoubleSum => "counter",
        MetricType.LongSumNonMonotonic or MetricType.DoubleSumNonMonotonic or MetricType.LongGauge or MetricType.DoubleGauge => "gauge",
        MetricType.Histogram => "histogram",
        _ => null,
    };

    private static string Join(SortedDictionary<string, Family> families)
    {
        var page = new StringBuilder();
        foreach (var (name, family) in families)
        {
            if (family.Series.Count == 0)
            {
                continue;
            }

            page.Append("# HELP ").Append(name).Append(' ').Append(PrometheusNames.Help(family.Help)).Append('\n');
            page.Append("# TYPE ").Append(name).Append(' ').Append(family.Type).Append('\n');
            foreach (var lines in family.Series.Values)
            {
                page.Append(lines);
            }
        }

        return page.ToString();
    }

    private static void AddSeries(SortedDictionary<string, string> series, string name, Metric metric)
    {
        foreach (ref readonly var point in metric.GetMetricPoints())
        {
            var labels = Labels(point.Tags);
            series.TryAdd(labels, metric.MetricType switch
            {
                MetricType.LongSum or MetricType.LongSumNonMonotonic => Line(name, labels, point.GetSumLong()),
                MetricType.DoubleSum or MetricType.DoubleSumNonMonotonic => Line(name, labels, point.GetSumDouble()),
                MetricType.LongGauge => Line(name, labels, point.GetGaugeLastValueLong()),
                MetricType.DoubleGauge => Line(name, labels, point.GetGaugeLastValueDouble()),
                _ => Histogram(name, labels, point),
            });
        }
    }

    private static string Histogram(string name, string labels, in MetricPoint point)
    {
        var lines = new StringBuilder();
        var before = labels.Length == 0 ? "" : labels + ",";
        var seen = 0L;
        foreach (var bucket in point.GetHistogramBuckets())
        {
            seen += bucket.BucketCount;
            lines.Append(Line(name + "_bucket", $"{before}le=\"{PrometheusNames.Number(bucket.ExplicitBound)}\"", seen));
        }

        lines.Append(Line(name + "_sum", labels, point.GetHistogramSum()));
        lines.Append(Line(name + "_count", labels, point.GetHistogramCount()));
        return lines.ToString();
    }

    private static string Labels(ReadOnlyTagCollection tags)
    {
        var labels = new List<string>();
        foreach (var (key, value) in tags)
        {
            var text = value switch
            {
                null => "",
                bool flag => flag ? "true" : "false",
                IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
                _ => value.ToString() ?? "",
            };
            labels.Add($"{PrometheusNames.Label(key)}=\"{PrometheusNames.Value(text)}\"");
        }

        labels.Sort(StringComparer.Ordinal);
        return string.Join(',', labels);
    }

    private static string Line(string name, string labels, double value) => Line(name, labels, PrometheusNames.Number(value));

    // A whole number stays whole: as a double it would lose its last digits from 2^53 on.
    private static string Line(string name, string labels, long value) => Line(name, labels, value.ToString(CultureInfo.InvariantCulture));

    private static string Line(string name, string labels, string value)
        => labels.Length == 0 ? $"{name} {value}\n" : $"{name}{{{labels}}} {value}\n";

    private sealed record Family(string Type, string Help)
    {
        public SortedDictionary<string, string> Series { get; } = new(StringComparer.Ordinal);
    }
}
