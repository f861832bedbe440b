using Soak;

namespace StreamScorer.Tests.Soak;

public sealed class ProcessMemoryTests
{
    /// <summary>The first of two neighbours without a name is the longest alone, the other two together are longer: they are the collector's.</summary>
    private const string Smaps = """
        5580000000-5580400000 rw-p 00000000 00:00 0                              [heap]
        Size:               4096 kB
        Rss:                4096 kB
        Anonymous:          4096 kB
        VmFlags: rd wr mr mw me ac
        7f0000000000-7f0003000000 rw-p 00000000 00:00 0
        Rss:                2048 kB
        Anonymous:          2048 kB
        7f1000000000-7f1002000000 rw-p 00000000 00:00 0
        Rss:                1024 kB
        Anonymous:          1024 kB
        7f1002000000-7f1006000000 ---p 00000000 00:00 0
        Rss:                 512 kB
        Anonymous:           512 kB
        7f1006000000-7f1006001000 r--p 00000000 fe:00 42                         /usr/lib/libc.so.6
        Rss:                1024 kB
        Anonymous:             0 kB
        7f1006001000-7f1006002000 rw-p 00000000 00:00 0
        Rss:                   4 kB
        Anonymous:             4 kB
        """;

    [Fact]
    public void Parse_ShouldTellTheCollectorsHeapFromAllOther()
    {
        var memory = ProcessMemory.Parse(Smaps.Split('\n'));

        Assert.Equal((4096 + 2048 + 1024 + 512 + 1024 + 4) / 1024.0, memory.Resident);
        Assert.Equal((1024 + 512) / 1024.0, memory.Managed);
        Assert.Equal((4096 + 2048 + 4) / 1024.0, memory.Native);
    }

    [Fact]
    public async Task ReadAsync_ShouldFindMemoryThatWasTouched_OfThisProcess()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Reads /proc.");
        var touched = GC.AllocateUninitializedArray<byte>(64 << 20, pinned: true);
        Array.Fill(touched, (byte)1);
        var memory = await ProcessMemory.ReadAsync(Environment.ProcessId, TestContext.Current.CancellationToken);
        GC.KeepAlive(touched);

        Assert.True(memory.Managed >= 64);
        Assert.True(memory.Resident >= memory.Managed + memory.Native);
    }
}
