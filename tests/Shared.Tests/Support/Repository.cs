namespace Shared.Tests.Support;

/// <summary>Where files lie that tests read in place.</summary>
internal static class Repository
{
    /// <summary>The folder with the solution, found from the test program upwards.</summary>
    public static string Root { get; } = FindRoot();

    public static string TinyBert => Path.Combine(Root, "tests", "Shared.Tests", "Fixtures", "tiny-bert");

    public static string DefaultBundle => Path.Combine(Root, "models", "minilm-moderation");

    /// <summary>Reference files beside the checkout, which a plain clone does not have. Skips the test when they are absent.</summary>
    public static string Reference(params string[] parts)
    {
        var path = Path.GetFullPath(Path.Combine([Root, "..", "shared", .. parts]));
        Assert.SkipUnless(
            File.Exists(path) || Directory.Exists(path),
            $"The reference files are not beside this checkout ({Path.Combine(["..", "shared", .. parts])}).");
        return path;
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "StreamScorer.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException($"No StreamScorer.sln above {AppContext.BaseDirectory}.");
    }
}
