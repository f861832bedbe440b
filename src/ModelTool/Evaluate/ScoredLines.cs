using System.Text.Json;

namespace ModelTool.Evaluate;

/// <summary>What is needed of one line that <c>streamscorer score</c> prints.</summary>
/// <param name="Heads">Each label's probability in order, by head; null for a line that was rejected.</param>
internal sealed record ScoredLine(string? Id, IReadOnlyList<(string Head, (string Label, float Probability)[] Labels)>? Heads);

internal static class ScoredLines
{
    /// <param name="name">How to call the input in messages.</param>
    public static IEnumerable<ScoredLine> Read(TextReader input, string name)
    {
        var number = 0;
        while (input.ReadLine() is { } line)
        {
            number++;
            ScoredLine scored;
            try
            {
                using var json = JsonDocument.Parse(line);
                scored = Read(json.RootElement);
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
            {
                // Not the inner message: it may quote the line.
                throw new ToolException($"Line {number} of {name} is not a line of 'streamscorer score'.", e);
            }

            yield return scored;
        }
    }

    private static ScoredLine Read(JsonElement line)
    {
        var id = line.TryGetProperty("id", out var value) ? value.GetString() : null;
        if (line.TryGetProperty("rejected", out _))
        {
            return new ScoredLine(id, null);
        }

        var heads = new List<(string, (string, float)[])>();
        foreach (var head in line.GetProperty("heads").EnumerateObject())
        {
            // A sigmoid head chooses no label: several of its labels may hold, and a column with one truth does not fit it.
            if (head.Value.TryGetProperty("label", out _))
            {
                var labels = head.Value.GetProperty("probabilities").EnumerateObject().Select(label => (label.Name, label.Value.GetSingle()));
                heads.Add((head.Name, labels.ToArray()));
            }
        }

        return new ScoredLine(id, heads);
    }
}
