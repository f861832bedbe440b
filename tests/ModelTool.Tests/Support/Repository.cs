namespace ModelTool.Tests.Support;

internal static class Repository
{
    /// <summary>The folder with the solution.</summary>
    public static string Root { get; } = Find();

    private static string Find()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "StreamScorer.sln")))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("No StreamScorer.sln above the tests.");
        }

        return folder;
    }
}
