using System.Globalization;
using System.Text;

namespace ModelTool.Evaluate.Report;

/// <summary>One SVG picture of the unit square with axes; colours come from the page's style sheet. Coordinates are fractions.</summary>
internal sealed class Plot
{
    private const double Left = 44;
    private const double Top = 12;
    private const double Side = 224;
    private const double Width = 284;
    private const double Height = 284;

    private readonly StringBuilder _svg = new();
    private readonly string _title;
    private readonly string _alternative;

    /// <param name="title">Above the picture, for everybody.</param>
    /// <param name="alternative">What the picture says, in words, for those who do not see it.</param>
    public Plot(string title, string alternative) => (_title, _alternative) = (title, alternative);

    /// <summary>Grid, tick labels and axis names.</summary>
    /// <param name="yTicks">Labels from bottom to top, evenly spread.</param>
    public Plot Axes(string x, string y, params string[] yTicks)
    {
        string[] xTicks = ["0", "0.25", "0.5", "0.75", "1"];
        for (var i = 0; i < xTicks.Length; i++)
        {
            var at = i / (xTicks.Length - 1.0);
            Append($"<line class=\"grid\" x1=\"{X(at)}\" y1=\"{Y(0)}\" x2=\"{X(at)}\" y2=\"{Y(1)}\"/>");
            Append($"<text class=\"tick\" x=\"{X(at)}\" y=\"{N(Top + Side + 15)}\" text-anchor=\"middle\">{xTicks[i]}</text>");
        }

        for (var i = 0; i < yTicks.Length; i++)
        {
            var at = i / (yTicks.Length - 1.0);
            Append($"<line class=\"grid\" x1=\"{X(0)}\" y1=\"{Y(at)}\" x2=\"{X(1)}\" y2=\"{Y(at)}\"/>");
            Append($"<text class=\"tick\" x=\"{N(Left - 6)}\" y=\"{N(YOf(at) + 3.5)}\" text-anchor=\"end\">{yTicks[i]}</text>");
        }

        Append($"<text class=\"axis\" x=\"{X(0.5)}\" y=\"{N(Height - 6)}\" text-anchor=\"middle\">{Figures.Escape(x)}</text>");
        Append($"<text class=\"axis\" transform=\"translate(10 {Y(0.5)}) rotate(-90)\" text-anchor=\"middle\">{Figures.Escape(y)}</text>");
        return this;
    }

    public Plot Fractions(string x, string y) => Axes(x, y, "0", "0.25", "0.5", "0.75", "1");

    /// <summary>A line through points; points that would fall on top of each other are dropped.</summary>
    public Plot Line(IEnumerable<(double X, double Y)> points, string style)
    {
        var path = new StringBuilder();
        foreach (var (x, y) in Thin(points))
        {
            path.Append(path.Length == 0 ? 'M' : 'L').Append(X(x)).Append(' ').Append(Y(y));
        }

        return Append($"<path class=\"{style}\" d=\"{path}\"/>");
    }

    public Plot Segment(double x1, double y1, double x2, double y2, string style) =>
        Append($"<line class=\"{style}\" x1=\"{X(x1)}\" y1=\"{Y(y1)}\" x2=\"{X(x2)}\" y2=\"{Y(y2)}\"/>");

    /// <summary>A rectangle from one corner to the other.</summary>
    public Plot Box(double x1, double y1, double x2, double y2, string style) =>
        Append($"<rect class=\"{style}\" x=\"{X(x1)}\" y=\"{Y(Math.Max(y1, y2))}\" width=\"{N((x2 - x1) * Side)}\" height=\"{N(Math.Abs(y2 - y1) * Side)}\"/>");

    /// <summary>A dot of the given area, in square pixels.</summary>
    public Plot Dot(double x, double y, double area, string style) =>
        Append($"<circle class=\"{style}\" cx=\"{X(x)}\" cy=\"{Y(y)}\" r=\"{N(Math.Sqrt(area / Math.PI))}\"/>");

    public Plot Text(double x, double y, string text, string anchor = "start") =>
        Append($"<text class=\"label\" x=\"{X(x)}\" y=\"{Y(y)}\" text-anchor=\"{anchor}\">{Figures.Escape(text)}</text>");

    public string Draw() => string.Create(
        CultureInfo.InvariantCulture,
        $"""
        <figure><figcaption>{Figures.Escape(_title)}</figcaption><svg viewBox="0 0 {Width} {Height}" role="img" aria-label="{Figures.Escape(_alternative)}"><title>{Figures.Escape(_alternative)}</title>{_svg}</svg></figure>

        """);

    private static IEnumerable<(double X, double Y)> Thin(IEnumerable<(double X, double Y)> points)
    {
        const double Visible = 0.75 / Side;
        (double X, double Y)? last = null;
        (double X, double Y)? dropped = null;
        foreach (var point in points)
        {
            if (last is { } kept && Math.Abs(point.X - kept.X) + Math.Abs(point.Y - kept.Y) < Visible)
            {
                dropped = point;
                continue;
            }

            (last, dropped) = (point, null);
            yield return point;
        }

        if (dropped is { } end)
        {
            yield return end;
        }
    }

    private Plot Append(string svg)
    {
        _svg.Append(svg);
        return this;
    }

    private static double YOf(double y) => Top + ((1 - y) * Side);

    private static string X(double x) => N(Left + (x * Side));

    private static string Y(double y) => N(YOf(y));

    private static string N(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}
