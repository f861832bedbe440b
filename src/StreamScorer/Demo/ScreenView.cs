using Spectre.Console;
using Spectre.Console.Rendering;
using StreamScorer.Operate.Page;
using StreamScorer.Shared.Contracts;

namespace StreamScorer.Demo;

/// <summary>
/// One picture of the demo. Whatever comes from a post is cleaned and written as plain text, never as markup. The number of lines does
/// not change from picture to picture, so nothing jumps.
/// </summary>
internal sealed class ScreenView(SamplePosts samples, bool unicode)
{
    public const int FlaggedLines = 7;

    /// <summary>Wider lines are hard to read; a terminal may be wider.</summary>
    private const int MaxWidth = 120;

    private const int LabelWidth = 11;

    private static readonly Style Dim = new(Color.Grey);
    private static readonly Style Bold = new(decoration: Decoration.Bold);
    private static readonly Style Good = new(Color.Green);
    private static readonly Style Warn = new(Color.Yellow);
    private static readonly Style Bad = new(Color.Red);
    private static readonly Style Brand = new(Color.Aqua, decoration: Decoration.Bold);

    public bool Mask { get; init; }

    public IRenderable Draw(DemoSnapshot now, int width)
    {
        var columns = Math.Min(width, MaxWidth);
        IEnumerable<OneLine> lines =
        [
            Title(now),
            Rule(columns),
            Rate(now, columns),
            Latency(now),
            Outcomes(now),
            Flags(now),
            Line(),
            .. Decisions(now, columns),
            Line(),
            Heading(),
            .. Flagged(now, columns),
            Rule(columns),
            Foot(now),
            Hint(now),
        ];
        return new Rows(lines);
    }

    public static Style StyleOf(Decision decision) => decision switch
    {
        Decision.Flag => Bad,
        Decision.Review => Warn,
        _ => Good,
    };

    private static OneLine Title(DemoSnapshot now) => Line()
        .Append(" StreamScorer demo", Brand)
        .Append($"  {now.Title.Model} on {now.Title.Device}, policy {now.Title.Policy}", Dim);

    private OneLine Rule(int columns) => Line().Append(new string(unicode ? '─' : '-', columns), Dim);

    private OneLine Rate(DemoSnapshot now, int columns)
    {
        var line = Line("posts/s")
            .Append(Figures.Rate(now.RateNow).PadLeft(6), Bold)
            .Append($"   average {Figures.Rate(now.RateAverage)}   ", Dim);
        if (unicode)
        {
            line.Append(Sparkline.Of([.. now.RateHistory.TakeLast(Math.Clamp(columns - 50, 10, 60))]), Brand);
        }

        return now.IsBurst ? line.Append("  burst", Warn) : line;
    }

    private static OneLine Latency(DemoSnapshot now) => now.Latency.Count == 0
        ? Line("latency").Append("waiting for the first outcomes", Dim)
        : Line("latency")
            .Append("p50 ", Dim).Append(Figures.Milliseconds(now.Latency.P50).PadRight(9), Bold)
            .Append("p95 ", Dim).Append(Figures.Milliseconds(now.Latency.P95).PadRight(9), Bold)
            .Append("p99 ", Dim).Append(Figures.Milliseconds(now.Latency.P99).PadRight(9), Bold)
            .Append("sent to read back, last minute", Dim);

    private static OneLine Outcomes(DemoSnapshot now) => Line("outcomes")
        .Append(Figures.Count(now.Counts.Scored), Bold).Append(" scored  ", Dim)
        .Append(Figures.Count(now.Counts.DeadLettered), now.Counts.DeadLettered > 0 ? Warn : Bold).Append(" dead letters  ", Dim)
        .Append(Figures.Count(now.Filtered), Bold).Append(" filtered  ", Dim)
        .Append(Figures.Count(now.Counts.Waiting), Bold).Append(" waiting", Dim);

    private static OneLine Flags(DemoSnapshot now)
    {
        var line = Line("flags");
        foreach (var (flag, count) in now.Flags.OrderByDescending(flag => flag.Value))
        {
            line.Append(Figures.Count(count), Bold).Append($" {TerminalText.Clean(flag, 30)}  ", Dim);
        }

        return now.Flags.Count == 0 ? line.Append("none yet", Dim) : line;
    }

    private IEnumerable<OneLine> Decisions(DemoSnapshot now, int columns)
    {
        var all = now.Decisions.Values.Sum();
        var room = Math.Max(10, columns - LabelWidth - 22);
        foreach (var (decision, count) in now.Decisions.OrderBy(d => d.Key))
        {
            var bar = all == 0 ? 0 : (int)Math.Round((double)room * count / all);
            yield return Line(Figures.Name(decision))
                .Append(Figures.Count(count).PadLeft(9), Bold)
                .Append(Figures.Percent(count, all).PadLeft(9) + "  ", Dim)
                .Append(new string(unicode ? '█' : '#', count > 0 ? Math.Max(1, bar) : 0), StyleOf(decision));
        }
    }

    private OneLine Heading() => Line()
        .Append(" latest flagged", Bold)
        .Append(Mask ? "  words hidden" : "  real posts, many offensive; --mask hides the words", Dim);

    private IEnumerable<OneLine> Flagged(DemoSnapshot now, int columns)
    {
        foreach (var post in now.LatestFlagged.Take(FlaggedLines))
        {
            var text = TerminalText.Clean(samples.TextOf(post.Id) ?? "(sent by someone else)", columns);
            yield return Line()
                .Append($" {Figures.Name(post.Decision),-7}", StyleOf(post.Decision))
                .Append(TerminalText.Clean(string.Join('+', post.Labels), 10).PadRight(10), StyleOf(post.Decision))
                .Append(post.Probability.ToString(" 0.00  ", System.Globalization.CultureInfo.InvariantCulture), Bold)
                .Append(Mask ? WordMask.Of(text) : text);
        }

        for (var empty = now.LatestFlagged.Count; empty < FlaggedLines; empty++)
        {
            yield return Line();
        }
    }

    private static OneLine Foot(DemoSnapshot now) => Line()
        .Append($" {Figures.Elapsed(now.Elapsed)}", Bold)
        .Append($"   {(now.Title.PageUrl is { } url ? $"page {url}   " : "")}delivered {now.Title.Delivery}   Ctrl-C ends", Dim);

    /// <summary>The broker is a real one to other programs.</summary>
    private static OneLine Hint(DemoSnapshot now) => Line()
        .Append($" kcat -b {now.Title.BootstrapServers} -C -t {now.Title.FlaggedTopic}   reads along from another terminal", Dim);

    private static OneLine Line(string label) => Line().Append($" {label}".PadRight(LabelWidth), Dim);

    private static OneLine Line() => new(MaxWidth);
}
