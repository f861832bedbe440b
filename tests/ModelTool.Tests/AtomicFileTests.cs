using ModelTool.Tests.Support;

namespace ModelTool.Tests;

public sealed class AtomicFileTests : IDisposable
{
    private readonly TestFolder _folder = new();

    /// <summary>Every write to /dev/full fails as on a full disk.</summary>
    [Fact]
    public void Write_ShouldLeaveWhatWasThere_WhenTheDiskIsFull()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "There is no /dev/full.");
        var target = _folder.Write("vectors.npy", "old");

        var fault = Assert.Throws<IOException>(() => AtomicFile.Write(target, stream =>
        {
            stream.Write("new"u8);
            File.WriteAllText("/dev/full", "rest");
        }));

        Assert.Contains("No space left on device", fault.Message, StringComparison.Ordinal);
        Assert.Equal([target], Directory.GetFileSystemEntries(_folder.Path));
        Assert.Equal("old", File.ReadAllText(target));
    }

    public void Dispose() => _folder.Dispose();
}
