namespace StreamScorer.Tests;

/// <summary>Where the checkout is that these tests were built from.</summary>
internal static class Repository
{
    public static string Root { get; } = Find();

    public static string File(params string[] path) => Path.Combine([Root, .. path]);

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (System.IO.File.Exists(Path.Combine(folder.FullName, "StreamScorer.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException("StreamScorer.sln is in no folder above the tests.");
    }
}
