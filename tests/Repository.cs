namespace TestSupport;

/// <summary>Where files lie that tests read in place.</summary>
internal static class Repository
{
    /// <summary>The folder with the solution, found from the test program upwards.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The bundle that comes with the program.</summary>
    public static string DefaultBundle => PathOf("models", "minilm-moderation");

    /// <summary>A file or folder of this checkout.</summary>
    public static string PathOf(params string[] parts) => Path.Combine([Root, .. parts]);

    /// <summary>A file of the fixture model; without a name its folder.</summary>
    public static string TinyBert(string name = "") => PathOf("tests", "Shared.Tests", "Fixtures", "tiny-bert", name);

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
