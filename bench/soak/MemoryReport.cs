using System.Globalization;
using System.Text;

namespace Soak;

/// <summary>What the samples of a worker's memory say: a slope for each kind, and a picture.</summary>
internal sealed class MemoryReport(IReadOnlyList<MemorySample> samples)
{
    private const int Width = 760;
    private const int Height = 300;
    private const int Left = 56;
    private const int Bottom = 34;

    /// <summary>Of the time after the warm-up, with a mean for each, so that a reader sees whether a slope is that of a line or of a step.</summary>
    private const int Parts = 9;

    private static readonly TimeSpan Stretch = TimeSpan.FromMinutes(30);

    private static readonly (string Name, string Color, Func<MemorySample, double> Value)[] Kinds =
    [
        ("resident", "#4269d0", s => s.Memory.Resident),
        ("managed", "#3a9d5d", s => s.Memory.Managed),
        ("native", "#e07b00", s => s.Memory.Native),
        ("managed, after collection", "#8a63c9", s => s.Heap),
        ("native, in use", "#b8860b", s => s.NativeInUse),
    ];

    /// <summary>Until then caches, pools and the collector grow to the load: a fifth of the run, 5 minutes at most.</summary>
    private TimeSpan WarmUp => samples.Count == 0 ? TimeSpan.Zero : TimeSpan.FromMinutes(Math.Min(5, samples[^1].At.TotalMinutes / 5));

    public IEnumerable<string> Lines()
        => Kinds.Select(kind => Line($"memory, {kind.Name}", "MiB", [.. samples.Select(s => (s.At, kind.Value(s)))]))
            .Append(Line("speed", "records/s", [.. samples.Zip(samples.Skip(1), (a, b) => (b.At, (b.Records - a.Records) / (b.At - a.At).TotalSeconds))]));

    private string Line(string name, string unit, List<(TimeSpan At, double Value)> series)
    {
        var after = series.Where(s => s.At >= WarmUp).ToList();
        if (Slope.Fit(after) is not { } slope)
        {
            return $"{name}: too few samples";
        }

        var means = after.Chunk((after.Count + Parts - 1) / Parts).Select(part => part.Average(s => s.Value).ToString("F0", CultureInfo.InvariantCulture)).ToList();
        var stretches = after.GroupBy(s => (int)((s.At - WarmUp) / Stretch)).Select(stretch => Slope.Fit([.. stretch])).OfType<Slope>().ToList();
        return string.Create(CultureInfo.InvariantCulture, $"{name}: {after.Average(s => s.Value):F0} {unit} ({after.Min(s => s.Value):F0} to {after.Max(s => s.Value):F0}), slope {Told(slope)} over {after.Count} samples after {WarmUp.TotalMinutes:F1} min; means of {means.Count} parts of that: {string.Join(", ", means)}{(stretches.Count > 1 ? $"; each {Stretch.TotalMinutes:F0} min by itself: {string.Join(", ", stretches.Select(Told))}" : "")}");
    }

    private static string Told(Slope slope)
        => string.Create(CultureInfo.InvariantCulture, $"{slope.PerHour:+0.0;-0.0} ± {slope.Error:F1} an hour ({(slope.IsFlat ? "flat within the noise" : slope.PerHour > 0 ? "grows" : "shrinks")})");

    /// <summary>Lines over the minutes, as SVG, and the numbers beside it.</summary>
    public void Write(string file)
    {
        File.WriteAllLines(Path.ChangeExtension(file, ".csv"), samples.Select(s => string.Create(CultureInfo.InvariantCulture, $"{s.At.TotalSeconds:F1},{s.Memory.Resident:F2},{s.Memory.Managed:F2},{s.Memory.Native:F2},{s.Heap:F2},{s.NativeInUse:F2},{s.Records:F0}")).Prepend("seconds,resident,managed,native,managed_after_collection,native_in_use,records"));
        if (samples.Count < 2)
        {
            return;
        }

        var (minutes, most) = (samples[^1].At.TotalMinutes, Math.Ceiling(samples.Max(s => s.Memory.Resident) / 100) * 100);
        double X(TimeSpan at) => Left + (at.TotalMinutes / minutes * (Width - Left - 16));
        double Y(double value) => 34 + ((1 - (value / most)) * (Height - 34 - Bottom));
        var svg = new StringBuilder().Append(CultureInfo.InvariantCulture, $"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {Width} {Height}" font-family="sans-serif" font-size="12" role="img" aria-label="Memory of the worker over {minutes:F0} minutes, in MiB"><rect width="{Width}" height="{Height}" fill="#fff"/>""");
        for (var value = 0.0; value <= most; value += most / 4)
        {
            svg.Append(CultureInfo.InvariantCulture, $"""<line x1="{Left}" x2="{Width - 16}" y1="{Y(value):F1}" y2="{Y(value):F1}" stroke="#ddd"/><text x="{Left - 6}" y="{Y(value) + 4:F1}" text-anchor="end" fill="#555">{value:F0}</text>""");
        }

        for (var i = 0; i <= 6; i++)
        {
            svg.Append(CultureInfo.InvariantCulture, $"""<text x="{X(TimeSpan.FromMinutes(minutes * i / 6)):F1}" y="{Height - Bottom + 18}" text-anchor="middle" fill="#555">{minutes * i / 6:0.#}</text>""");
        }

        svg.Append(CultureInfo.InvariantCulture, $"""<text x="{Left}" y="{Height - 2}" fill="#555">minutes; MiB</text><rect x="{Left}" y="34" width="{X(WarmUp) - Left:F1}" height="{Height - 34 - Bottom}" fill="#000" fill-opacity="0.05"/>""");
        for (var i = 0; i < Kinds.Length; i++)
        {
            var (name, color, value) = Kinds[i];
            svg.Append(CultureInfo.InvariantCulture, $"""<polyline fill="none" stroke="{color}" stroke-width="1.5" points="{string.Join(' ', samples.Select(s => FormattableString.Invariant($"{X(s.At):F1},{Y(value(s)):F1}")))}"/><text x="{Left + (i * 145)}" y="20" fill="{color}">{name}</text>""");
        }

        File.WriteAllText(file, svg.Append("</svg>\n").ToString());
    }
}
