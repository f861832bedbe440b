using System.Runtime.InteropServices;

namespace StreamScorer.Tests;

public sealed class NativeHeapTests
{
    // malloc.c of glibc: the word before a chunk is its size, and the second bit of that says that it is a mapping of its own.
    private const long IsMapping = 2;

    [Fact]
    public void Limit_ShouldKeepLargeBuffersMappingsOfTheirOwn_WhenALargerOneWasFreed()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && NativeLibrary.TryGetExport(NativeLibrary.Load("libc.so.6"), "mallopt", out _), "glibc alone has this heap.");
        NativeHeap.Limit();

        Marshal.FreeHGlobal(Marshal.AllocHGlobal(16 << 20)); // from now on glibc, left to itself, takes anything up to this size from an arena
        var buffer = Marshal.AllocHGlobal(1 << 20);
        var message = Marshal.AllocHGlobal(100 << 10);
        var sizes = (Marshal.ReadInt64(buffer, -8), Marshal.ReadInt64(message, -8));
        Marshal.FreeHGlobal(buffer);
        Marshal.FreeHGlobal(message);

        Assert.Equal((IsMapping, 0), (sizes.Item1 & IsMapping, sizes.Item2 & IsMapping));
    }
}
