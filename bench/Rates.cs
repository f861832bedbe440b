using System.Globalization;

namespace Bench;

/// <summary>Rates of interleaved rounds, and what they are against each other.</summary>
internal static class Rates
{
    public static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    /// <summary>Round by round.</summary>
    public static List<double> Ratios(List<double> values, List<double> against) => [.. values.Zip(against, (a, b) => a / b)];

    /// <summary>A row of a table: name, rate and ratio, each as median [min, max].</summary>
    /// <param name="format">Of the ratio.</param>
    public static void Row(string name, List<double> values, List<double> against, string format = "F2")
    {
        var ratios = Ratios(values, against);
        string Text(double ratio) => ratio.ToString(format, CultureInfo.InvariantCulture);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {name} | {Median(values):F0} [{values.Min():F0}, {values.Max():F0}] | {Text(Median(ratios))} [{Text(ratios.Min())}, {Text(ratios.Max())}] |"));
    }
}
