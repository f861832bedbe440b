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
        var message = Marshal.AllocHGlobal(100 << 10);
        var buffers = new List<nint>();
        do
        {
            buffers.Add(Marshal.AllocHGlobal(1 << 20)); // what other tests have freed is used first; a gibibyte of it they have not
        }
        while (!IsMapped(buffers[^1]) && buffers.Count < 1024);
        var mapped = (Buffer: IsMapped(buffers[^1]), Message: IsMapped(message));
        buffers.ForEach(Marshal.FreeHGlobal);
        Marshal.FreeHGlobal(message);

        Assert.Equal((true, false), mapped);
    }

    private static bool IsMapped(nint chunk) => (Marshal.ReadInt64(chunk, -8) & IsMapping) != 0;
}
