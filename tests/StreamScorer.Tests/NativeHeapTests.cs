using System.Runtime.InteropServices;

namespace StreamScorer.Tests;

public sealed class NativeHeapTests
{
    private static readonly int Page = Environment.SystemPageSize;

    // malloc.c of glibc: the word before a chunk is its size, and the second bit of that says that it is a mapping of its own.
    private const long IsMapping = 2;

    [Fact]
    public void Limit_ShouldKeepLargeBuffersMappingsOfTheirOwn_WhenALargerOneWasFreed()
    {
        Assert.SkipUnless(IsGlibc, "glibc alone has this heap.");
        NativeHeap.Limit();

        Marshal.FreeHGlobal(Marshal.AllocHGlobal(16 << 20)); // from now on glibc, left to itself, takes anything up to this size from an arena
        var message = Marshal.AllocHGlobal(100 << 10);
        var buffers = new List<nint>();
        do
        {
            buffers.Add(Marshal.AllocHGlobal(1 << 20)); // what other tests have freed is used first: two gibibytes of the one below, and less than two of all others
        }
        while (!IsMapped(buffers[^1]) && buffers.Count < 4096);
        var mapped = (Buffer: IsMapped(buffers[^1]), Message: IsMapped(message));
        buffers.ForEach(Marshal.FreeHGlobal);
        Marshal.FreeHGlobal(message);

        Assert.Equal((true, false), mapped);
    }

    [Fact]
    public void Trim_ShouldGivePagesBack_WhenWhatLiesBetweenThemIsInUse()
    {
        Assert.SkipUnless(IsGlibc, "glibc alone has this heap.");
        NativeHeap.Limit();
        var pieces = Enumerable.Range(0, 1000).Select(_ => Marshal.AllocHGlobal(10 * Page)).ToList();
        pieces.ForEach(piece => Marshal.Copy(new byte[10 * Page], 0, piece, 10 * Page));
        var freed = pieces.Where((_, i) => i % 2 == 0).ToList();
        var before = freed.Sum(PagesInMemory);
        freed.ForEach(Marshal.FreeHGlobal);

        NativeHeap.Trim();

        var after = freed.Sum(PagesInMemory);
        pieces.Where((_, i) => i % 2 != 0).ToList().ForEach(Marshal.FreeHGlobal);
        Assert.Equal(9 * freed.Count, before);
        Assert.InRange(after, 0, before / 4); // other tests may have taken some of it meanwhile
    }

    [Fact]
    public void InUse_ShouldCountPiecesAndMappings_UntilTheyAreFreed()
    {
        Assert.SkipUnless(IsGlibc, "glibc alone has this heap.");
        var gib = 1L << 30;
        NativeHeap.Limit();
        var before = InUse();

        var pieces = Enumerable.Range(0, 32 << 10).Select(_ => Marshal.AllocHGlobal(64 << 10)).ToList();
        var withPieces = InUse();
        var mapping = Marshal.AllocHGlobal((nint)(4 * gib));
        var withMapping = InUse();
        Marshal.FreeHGlobal(mapping);
        pieces.ForEach(Marshal.FreeHGlobal);
        var after = InUse();

        // Whole gibibytes, none of which is ever touched: what other tests hold and free at the same time is less than half of one.
        Assert.InRange(withPieces - before, 3 * gib / 2, 5 * gib / 2);
        Assert.InRange(withMapping - withPieces, 7 * gib / 2, 9 * gib / 2);
        Assert.InRange(after - before, -gib / 2, gib / 2);
    }

    private static long InUse() => NativeHeap.InUse() ?? throw new InvalidOperationException("This glibc has no mallinfo2.");

    private static bool IsGlibc => OperatingSystem.IsLinux() && NativeLibrary.TryGetExport(NativeLibrary.Load("libc.so.6"), "mallopt", out _);

    /// <summary>Of the whole pages inside of a piece, nine as a rule; /proc/PID/pagemap has eight bytes a page, of which the last bit says that it is in memory.</summary>
    private static int PagesInMemory(nint piece)
    {
        var entries = new byte[9 * sizeof(ulong)];
        using var map = File.OpenHandle("/proc/self/pagemap");
        Assert.Equal(entries.Length, RandomAccess.Read(map, entries, (piece + Page - 1) / Page * sizeof(ulong)));
        return MemoryMarshal.Cast<byte, long>(entries).ToArray().Count(entry => entry < 0);
    }

    private static bool IsMapped(nint chunk) => (Marshal.ReadInt64(chunk, -8) & IsMapping) != 0;
}
