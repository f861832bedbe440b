using System.Text.Json;

namespace StreamScorer.Shared.Bundle;

/// <summary>JSON errors in one line for people.</summary>
internal static class JsonFaults
{
    /// <summary>The serializer's message without its own location suffix, type names in it kept; then path and line, counted from 1.</summary>
    public static string Describe(JsonException e)
    {
        var message = e.Message;
        var suffix = message.IndexOf(" Path: ", StringComparison.Ordinal);
        if (suffix < 0)
        {
            suffix = message.IndexOf(" LineNumber: ", StringComparison.Ordinal);
        }

        var text = (suffix < 0 ? message : message[..suffix]).TrimEnd('.', ' ').ReplaceLineEndings(" ");
        var path = e.Path is null or "$" ? "" : $" at {e.Path}";
        return e.LineNumber is { } line ? $"{text}{path} (line {line + 1})" : text + path;
    }
}
