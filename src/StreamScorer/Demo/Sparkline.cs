namespace StreamScorer.Demo;

/// <summary>Numbers as a line of little bars, the highest of them full.</summary>
internal static class Sparkline
{
    private const string Bars = "▁▂▃▄▅▆▇█";

    public static string Of(IReadOnlyList<long> numbers)
    {
        var top = Math.Max(1, numbers.DefaultIfEmpty().Max());
        return string.Concat(numbers.Select(number => Bars[(int)Math.Ceiling((double)number * (Bars.Length - 1) / top)]));
    }
}
