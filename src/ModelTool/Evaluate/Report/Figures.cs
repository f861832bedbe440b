using System.Globalization;
using System.Net;

namespace ModelTool.Evaluate.Report;

/// <summary>Numbers and texts as the page shows them.</summary>
internal static class Figures
{
    public static string Count(int value) => value.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>A fraction in points.</summary>
    public static string Points(double? value) => Number(100 * value, "F1");

    public static string Area(double? value) => Number(value, "F3");

    public static string Signed(double? value) => Number(100 * value, "+0.0;−0.0;0.0");

    public static string Range(Interval? interval) => interval is null ? "–" : $"{Points(interval.Low)} to {Points(interval.High)}";

    public static string SignedRange(Interval? interval) => interval is null ? "–" : $"{Signed(interval.Low)} to {Signed(interval.High)}";

    public static string Chance(double value) => value < 0.001 ? "&lt; 0.001" : value.ToString("F3", CultureInfo.InvariantCulture);

    public static string Escape(string text) => WebUtility.HtmlEncode(text);

    public static string Posts(int count) => count == 1 ? "1 post" : $"{Count(count)} posts";

    private static string Number(double? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture) ?? "–";
}
