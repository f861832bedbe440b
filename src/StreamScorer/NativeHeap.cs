using System.Runtime.InteropServices;
using StreamScorer.Operate;

namespace StreamScorer;

/// <summary>Holds the C library's heap, which librdkafka, ONNX Runtime and .NET's own native code share, to what it needs.</summary>
/// <remarks>
/// glibc grants a process eight arenas a core, and lets each keep as much freed memory as twice the largest buffer that anybody ever gave back (mallopt(3): M_MMAP_THRESHOLD and
/// M_TRIM_THRESHOLD adjust themselves unless they are set). So each of a dozen threads, as it meets its largest reply of Kafka, grows the process for good.
/// What is freed between two pieces in use it gives back only when it is asked to.
/// </remarks>
internal static partial class NativeHeap
{
    // malloc.h of glibc.
    private const int TrimThreshold = -1;
    private const int MmapThreshold = -3;
    private const int ArenaMax = -8;

    /// <summary>Buffers from this size on are mappings of their own, and given back to the system when they are freed. A message is smaller, a reply of Kafka to a backlog is not.</summary>
    private const int Buffer = 256 << 10;

    /// <summary>What an arena may keep at its end. Less would give back and fetch the same pages again and again.</summary>
    private const int Spare = 1 << 20;

    private static readonly TimeSpan TrimInterval = TimeSpan.FromMinutes(1);

    private static readonly string[] Variables = ["GLIBC_TUNABLES", "MALLOC_ARENA_MAX", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_"];

    private static Ticker? _trimming;

    /// <summary>Two for each thread that can run at once, so that hardly any waits for another's.</summary>
    private static int Arenas => Math.Max(4, 2 * Environment.ProcessorCount);

    /// <summary>Before other threads begin; from then on <see cref="Trim"/> once a minute. Whoever has set one of glibc's own variables is left alone, and so is another C library.</summary>
    public static void Limit()
    {
        if (!OperatingSystem.IsLinux() || Variables.Any(name => Environment.GetEnvironmentVariable(name) is not null))
        {
            return;
        }

        try
        {
            _ = Set(MmapThreshold, Buffer);
            _ = Set(TrimThreshold, Spare);
            _ = Set(ArenaMax, Arenas);
            _trimming ??= new Ticker(TrimInterval, TimeProvider.System, Trim);
        }
        catch (EntryPointNotFoundException)
        {
            // Not glibc: musl has no such function, and no such arenas.
        }
    }

    /// <summary>Gives every whole page that nothing lies on back to the system (malloc_trim(3)), one arena after the other. Tens of milliseconds where the cores are busy.</summary>
    internal static void Trim() => _ = GiveBack(0);

    /// <summary>Bytes that are handed out now, in all arenas and in mappings of their own. What is free but was not given back is not counted, so that a leak tells itself from room.</summary>
    /// <returns>Null: not glibc, or one before 2.33.</returns>
    public static long? InUse()
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        try
        {
            var info = Info();
            return (long)(info.InArenas + info.InMappings);
        }
        catch (EntryPointNotFoundException)
        {
            return null;
        }
    }

    [LibraryImport("libc", EntryPoint = "mallinfo2")]
    private static partial MallocInfo Info();

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    private static partial int GiveBack(nuint spare);

    [LibraryImport("libc", EntryPoint = "mallopt")]
    private static partial int Set(int parameter, int value);

    /// <summary>mallinfo2(3): ten numbers of eight bytes.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 10 * sizeof(ulong))]
    private readonly struct MallocInfo
    {
        [FieldOffset(4 * sizeof(ulong))]
        public readonly ulong InMappings;

        [FieldOffset(7 * sizeof(ulong))]
        public readonly ulong InArenas;
    }
}
