using System.Text.Json;
using StreamScorer.Shared.Bundle;

namespace ModelTool.Evaluate;

/// <summary>What a head says of a post.</summary>
internal sealed record ScoredHead(string Name, HeadKind Kind, string[] Labels, float[] Probabilities);

/// <summary>What is needed of one line that <c>streamscorer score</c> prints.</summary>
/// <param name="Heads">Null for a post that was rejected.</param>
internal sealed record ScoredLine(string? Id, IReadOnlyList<ScoredHead>? Heads);

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

        if (number == 0)
        {
            throw new ToolException($"{name} is empty: it must hold the lines that 'streamscorer score' prints.");
        }
    }

    private static ScoredLine Read(JsonElement line)
    {
        var id = line.TryGetProperty("id", out var value) ? value.GetString() : null;
        if (line.TryGetProperty("rejected", out _))
        {
            return new ScoredLine(id, null);
        }

        var heads = new List<ScoredHead>();
        foreach (var head in line.GetProperty("heads").EnumerateObject())
        {
            // Only a softmax head chooses one label.
            var kind = head.Value.TryGetProperty("label", out var chosen) && chosen.ValueKind == JsonValueKind.String ? HeadKind.Softmax : HeadKind.Sigmoid;
            var labels = head.Value.GetProperty("probabilities").EnumerateObject().ToList();
            heads.Add(new ScoredHead(head.Name, kind, [.. labels.Select(label => label.Name)], [.. labels.Select(label => Probability(label.Value))]));
        }

        return new ScoredLine(id, heads);
    }

    private static float Probability(JsonElement value) => value.GetSingle() is >= 0 and <= 1 and var probability ? probability : throw new FormatException();
}
