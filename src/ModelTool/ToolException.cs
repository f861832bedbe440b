using System.Text.Json;
using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Infer;
using StreamScorer.Shared.Judge;

namespace ModelTool;

/// <summary>Something the caller can cure. The message is one line: what, where, how.</summary>
internal sealed class ToolException : Exception
{
    private const int DiskFull = 28; // ENOSPC: on Unix an IOException's HResult is the error number

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
        catch (Exception e) when (e is ToolException or BundleException or PolicyException or InferenceException or IOException or UnauthorizedAccessException
            or JsonException or OutOfMemoryException)
        {
            error.WriteLine(e.Message.ReplaceLineEndings(" ") + (e is IOException { HResult: DiskFull } ? ". Free some space, then run it again (train: with --resume)." : ""));
            return 1;
        }
    }
}
