using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using StreamScorer.Configure;

namespace StreamScorer.Tests.Documents;

/// <summary>Draws docs/images/record.svg, the way of a record, from the text below; capacities and bounds are read from the code.</summary>
internal static partial class RecordPicture
{
    private const int Width = 960;
    private const int Left = 190;
    private const int BoxWidth = 330;
    private const int NoteLeft = Left + BoxWidth + 34;
    private const int Middle = Left + (BoxWidth / 2);

    /// <summary>Colours follow the reader's scheme; the card behind everything makes it legible on any page.</summary>
    private const string Style = """
        text { font: 14px system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; fill: #1f2328 }
        .name { font-weight: 600; font-size: 16px }
        .note { font-size: 13px; fill: #59636e }
        .card { fill: #ffffff; stroke: #d1d9e0 }
        .stage { fill: #eef4ff; stroke: #4573c4; stroke-width: 1.5 }
        .queue { fill: #fff8e6; stroke: #b98b1b; stroke-dasharray: 5 3 }
        .kafka { fill: #eef8f0; stroke: #3f8f57; stroke-width: 1.5 }
        .way { stroke: #59636e; stroke-width: 1.75; fill: none }
        .back { stroke: #b3462f; stroke-width: 1.5; fill: none; stroke-dasharray: 4 3 }
        .backtext { font-size: 13px; fill: #a33c26 }
        .tip { fill: #59636e } .backtip { fill: #b3462f }
        @media (prefers-color-scheme: dark) {
          text { fill: #e6edf3 } .note { fill: #a9b4c0 }
          .card { fill: #10151c; stroke: #30363d }
          .stage { fill: #16233a; stroke: #6ea0f5 }
          .queue { fill: #2b2410; stroke: #d4a72c }
          .kafka { fill: #12281a; stroke: #56b374 }
          .way { stroke: #a9b4c0 } .tip { fill: #a9b4c0 }
          .back { stroke: #f0866d } .backtext { fill: #f39a85 } .backtip { fill: #f0866d }
        }
        """;

    private enum Kind
    {
        Kafka,
        Stage,
        Queue,
    }

    private sealed record Part(Kind Kind, string Name, string Below, string[] Notes);

    public static string Write()
    {
        var parts = Parts();
        var drawing = new StringBuilder();
        var places = new Dictionary<string, (int Top, int Bottom)>();
        var top = 28;
        foreach (var part in parts)
        {
            var height = part.Kind == Kind.Queue ? 42 : 60;
            Box(drawing, part, top, height);
            places[part.Name] = (top, top + height);
            top += height + 24;
            if (part != parts[^1])
            {
                drawing.Append(CultureInfo.InvariantCulture, $"""<path class="way" d="M{Middle} {top - 24} V{top - 7}"/><path class="tip" d="M{Middle - 5} {top - 9} h10 l-5 9 z"/>""").Append('\n');
            }
        }

        Back(drawing, places["Intake"], places["Consume"], 150, ["paused while", "too much waits"]);
        Back(drawing, places["Publish"], (places["Consume"].Top - 24, places["Consume"].Bottom - 24), 34, ["OffsetLedger:", "settled, void,", "to be read again"]);
        return $"""
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {Width} {top}" role="img" aria-labelledby="title">
            <title id="title">The way of a record: from Kafka through Consume, Encode, Infer, Compose and Publish back to Kafka, with what waits between them</title>
            <style>
            {Style}
            </style>
            <rect class="card" x="1" y="1" width="{Width - 2}" height="{top - 2}" rx="12"/>
            {drawing}</svg>

            """.ReplaceLineEndings("\n");
    }

    private static List<Part> Parts()
    {
        var (settings, pipeline) = (new Settings(), File.ReadAllText(Repository.PathOf("src", "StreamScorer", "Pipeline.cs")));
        var (consume, publish) = (settings.Consume, settings.Publish);
        string Channel(string name) => Capacity().Matches(pipeline).Single(found => found.Groups[1].Value == name).Groups[2].Value is var capacity && capacity == "1" ? "channel: 1 micro-batch" : $"channel: {capacity} micro-batches";
        return
        [
            new(Kind.Kafka, $"Kafka: {consume.Topic}", "key, value, headers", []),
            new(Kind.Stage, "Consume", "poll, pause, rebalance, rewind", ["one thread of its own, which alone calls the consumer", "and never waits for a model or a producer"]),
            new(Kind.Queue, "Intake", "the open micro-batch", [Invariant($"at most {consume.MaxBufferedRecords:N0} records or {consume.MaxBufferedBytes >> 20} MiB wait; handed on"), "the moment Encode is free: no linger timer"]),
            new(Kind.Stage, "Encode", "Decode, Encode, Group", ["on all cores, order kept; a bad record becomes a reject,", "texts become token ids, ids become model calls"]),
            new(Kind.Queue, Channel("encoded"), "encoded", ["one ahead keeps the device busy, and is little to redo"]),
            new(Kind.Stage, "Infer", "Infer, Judge", ["one caller of the device; the failure ladder; logits become", "probabilities, flags and a decision"]),
            new(Kind.Queue, Channel("scored"), "scored", ["so that the device need not wait for Compose"]),
            new(Kind.Stage, "Compose", "the records that go out", ["on all cores, beside the stage that waits for the brokers"]),
            new(Kind.Queue, Channel("composed"), "composed", ["what is scored while a transaction is committed"]),
            new(Kind.Stage, "Publish", "Publish, Settle", [Invariant($"one producer; every {settings.Settle.CommitInterval.TotalMilliseconds} ms one transaction of whole"), "micro-batches: outcomes and offsets, or neither"]),
            new(Kind.Kafka, $"Kafka: {publish.ScoredTopic}", $"{publish.FlaggedTopic}, {publish.DeadLetterTopic}, offsets", ["in input order per partition; one outcome for each record"]),
        ];
    }

    private static void Box(StringBuilder drawing, Part part, int top, int height)
    {
        var (kind, middle) = (part.Kind.ToString().ToLowerInvariant(), top + (height / 2));
        drawing.Append(CultureInfo.InvariantCulture, $"""<rect class="{kind}" x="{Left}" y="{top}" width="{BoxWidth}" height="{height}" rx="{(part.Kind == Kind.Kafka ? 22 : 8)}"/>""").Append('\n');
        if (part.Kind == Kind.Queue)
        {
            drawing.Append(CultureInfo.InvariantCulture, $"""<text x="{Middle}" y="{middle + 5}" text-anchor="middle">{(part.Name.StartsWith("channel", StringComparison.Ordinal) ? part.Name : $"{part.Name}: {part.Below}")}</text>""").Append('\n');
        }
        else
        {
            drawing.Append(CultureInfo.InvariantCulture, $"""<text class="name" x="{Middle}" y="{middle - 5}" text-anchor="middle">{part.Name}</text><text x="{Middle}" y="{middle + 17}" text-anchor="middle">{part.Below}</text>""").Append('\n');
        }

        for (var line = 0; line < part.Notes.Length; line++)
        {
            drawing.Append(CultureInfo.InvariantCulture, $"""<text class="note" x="{NoteLeft}" y="{middle + 5 + (18 * line) - (9 * (part.Notes.Length - 1))}">{part.Notes[line]}</text>""").Append('\n');
        }
    }

    /// <summary>A way back along the left edge.</summary>
    private static void Back(StringBuilder drawing, (int Top, int Bottom) from, (int Top, int Bottom) to, int x, string[] text)
    {
        var (start, end) = ((from.Top + from.Bottom) / 2, (to.Top + to.Bottom) / 2);
        drawing.Append(CultureInfo.InvariantCulture, $"""<path class="back" d="M{Left} {start} H{x + 8} Q{x} {start} {x} {start - 8} V{end + 8} Q{x} {end} {x + 8} {end} H{Left - 8}"/><path class="backtip" d="M{Left - 9} {end - 5} v10 l9 -5 z"/>""").Append('\n');
        var middle = ((start + end) / 2) + 5;
        for (var line = 0; line < text.Length; line++)
        {
            var (at, anchor) = x > 100 ? (x - 8, "end") : (x + 10, "start");
            drawing.Append(CultureInfo.InvariantCulture, $"""<text class="backtext" x="{at}" y="{middle + (17 * line) - (8 * (text.Length - 1))}" text-anchor="{anchor}">{text[line]}</text>""").Append('\n');
        }
    }

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);

    [GeneratedRegex(@"var (\w+) = Stage\((\d+)\)")]
    private static partial Regex Capacity();
}
