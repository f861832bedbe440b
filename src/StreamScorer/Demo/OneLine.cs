using Spectre.Console;
using Spectre.Console.Rendering;

namespace StreamScorer.Demo;

/// <summary>A line of styled pieces that is cut with an ellipsis where the room ends, never wrapped.</summary>
internal sealed class OneLine(int widest) : Renderable
{
    private readonly List<Segment> _pieces = [];

    /// <param name="text">Without line ends.</param>
    public OneLine Append(string text, Style? style = null)
    {
        _pieces.Add(new Segment(text, style ?? Style.Plain));
        return this;
    }

    protected override Measurement Measure(RenderOptions options, int maxWidth) => new(0, Math.Min(Math.Min(widest, maxWidth), Segment.CellCount(_pieces)));

    protected override IEnumerable<Segment> Render(RenderOptions options, int maxWidth)
    {
        var room = Math.Min(widest, maxWidth);
        foreach (var piece in _pieces)
        {
            var width = piece.CellCount();
            if (width > room)
            {
                yield return Cut(piece, room, options.Unicode ? "…" : ">");
                break;
            }

            room -= width;
            yield return piece;
        }

        yield return Segment.LineBreak;
    }

    private static Segment Cut(Segment piece, int room, string mark)
    {
        var kept = "";
        foreach (var rune in piece.Text.EnumerateRunes())
        {
            var longer = kept + rune;
            if (new Segment(longer).CellCount() > room - 1)
            {
                break;
            }

            kept = longer;
        }

        return new Segment(room > 0 ? kept + mark : "", piece.Style);
    }
}
