namespace StreamScorer.Tests.Operate;

/// <summary>Files of the repository that the tests run in.</summary>
internal static class Repository
{
    public static string File(string path)
    {
        var folder = AppContext.BaseDirectory;
        while (folder is not null && !System.IO.File.Exists(Path.Combine(folder, "StreamScorer.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return Path.Combine(folder ?? throw new InvalidOperationException("The tests must run from inside the repository, where StreamScorer.sln is."), path);
    }
}
