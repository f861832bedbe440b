using System.Text.Json;
using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Infer;
using StreamScorer.Shared.Judge;

namespace ModelTool;

/// <summary>Something the caller can cure. The message is one line: what, where, how.</summary>
internal sealed class ToolException : Exception
{
    public ToolException(string message)
        : base(message)
    {
    }

    public ToolException(string message, Exception inner)
        : base(message, inner)
    {
    }

    /// <summary>Runs a command; what a person can cause ends as one line on standard error and exit code 1.</summary>
    public static int Guard(TextWriter error, Action command)
    {
        try
        {
            command();
            return 0;
        }
        catch (Exception e) when (e is ToolException or BundleException or PolicyException or InferenceException or IOException or UnauthorizedAccessException or JsonException)
        {
            error.WriteLine(e.Message.ReplaceLineEndings(" "));
            return 1;
        }
    }
}
