using System.Globalization;
using StreamScorer.Shared.Contracts;

namespace StreamScorer.Demo;

/// <summary>Numbers as people read them.</summary>
internal static class Figures
{
    public static string Count(double count) => count.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>A rate: below ten a decimal matters.</summary>
    public static string Rate(double perSecond) => perSecond.ToString(perSecond < 9.95 ? "0.0" : "N0", CultureInfo.InvariantCulture);

    public static string Percent(long part, long whole) => whole == 0 ? "-" : (100.0 * part / whole).ToString("0.0", CultureInfo.InvariantCulture) + " %";

    public static string Milliseconds(double seconds) => seconds switch
    {
        >= 10 => seconds.ToString("0.0", CultureInfo.InvariantCulture) + " s",
        >= 0.01 => (seconds * 1_000).ToString("0", CultureInfo.InvariantCulture) + " ms",
        _ => (seconds * 1_000).ToString("0.0", CultureInfo.InvariantCulture) + " ms",
    };

    /// <summary>Minutes and seconds, hours before them once there are any.</summary>
    public static string Elapsed(TimeSpan elapsed)
    {
        var minutes = elapsed.ToString(elapsed.TotalHours < 1 ? @"m\:ss" : @"mm\:ss", CultureInfo.InvariantCulture);
        return elapsed.TotalHours < 1 ? minutes : string.Create(CultureInfo.InvariantCulture, $"{(int)elapsed.TotalHours}:{minutes}");
    }

    public static string Name(Decision decision) => decision switch
    {
        Decision.Flag => "flag",
        Decision.Review => "review",
        _ => "allow",
    };
}
