using ModelTool.Import;
using ModelTool.Tests.Support;

namespace ModelTool.Tests.Import;

public sealed class OutputFolderTests : IDisposable
{
    private readonly TestFolder _folder = new();

    private string Target => _folder.PathOf("target");

    [Fact]
    public void Write_ShouldPutBackTheOldFolder_WhenARunWasKilledBetweenTheMoves()
    {
        Make("target.old", "mark", "old");
        Make("target.part", "mark", "half");

        Assert.Throws<IOException>(() => OutputFolder.Write(Target, "mark", _ => throw new IOException("disk full")));

        Assert.Equal("old", File.ReadAllText(Path.Combine(Target, "mark")));
        Assert.Equal([Target], Directory.GetDirectories(_folder.Path));
    }

    [Fact]
    public void Write_ShouldReplaceOnlyItsOwnKind()
    {
        Make("target", "other", "mine");

        Assert.Throws<ToolException>(() => OutputFolder.Write(Target, "mark", Fill));
        Assert.Equal("mine", File.ReadAllText(Path.Combine(Target, "other")));

        File.Move(Path.Combine(Target, "other"), Path.Combine(Target, "mark"));
        OutputFolder.Write(Target, "mark", Fill);
        Assert.Equal(["mark", "more"], Names());
        Assert.Equal([Target], Directory.GetDirectories(_folder.Path));
    }

    [Fact]
    public void Add_ShouldChangeNothing_WhenFillingFails()
    {
        Make("target", "more", "mine");

        Assert.Throws<IOException>(() => OutputFolder.Add(Target, "mark", folder =>
        {
            Fill(folder);
            throw new IOException("disk full");
        }));

        Assert.Equal(["more"], Names());
        Assert.Equal("mine", File.ReadAllText(Path.Combine(Target, "more")));
        Assert.Equal([Target], Directory.GetDirectories(_folder.Path));
    }

    public void Dispose() => _folder.Dispose();

    private static void Fill(string folder)
    {
        File.WriteAllText(Path.Combine(folder, "mark"), "new");
        File.WriteAllText(Path.Combine(folder, "more"), "new");
    }

    private void Make(string folder, string file, string content)
    {
        Directory.CreateDirectory(_folder.PathOf(folder));
        File.WriteAllText(Path.Combine(_folder.PathOf(folder), file), content);
    }

    private IEnumerable<string?> Names() => Directory.GetFiles(Target).Select(Path.GetFileName).Order(StringComparer.Ordinal);
}
