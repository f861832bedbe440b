using System.Text.Json;
using Microsoft.Win32.SafeHandles;

namespace StreamScorer.Recover;

/// <summary>
/// A crash mark on disk, written in place. It survives the process, not the machine: what was written is the kernel's, and nothing waits for the disk. One
/// line of JSON; what an earlier, longer one left behind it is not read.
/// </summary>
internal sealed class MarkFile
{
    /// <summary>Workers of one group on one machine.</summary>
    private const int MaxWorkers = 64;

    private readonly SafeFileHandle _handle;

    private MarkFile(SafeFileHandle handle, string path) => (_handle, Path) = (handle, path);

    public string Path { get; }

    /// <summary>The first file of this name that no other process has.</summary>
    /// <exception cref="IOException">The folder or its disk.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder's rights.</exception>
    public static MarkFile Open(string folder, string name)
    {
        Directory.CreateDirectory(folder);
        for (var worker = 0; ; worker++)
        {
            var path = System.IO.Path.Combine(folder, $"{Safe(name)}.{worker}.json");
            try
            {
                return new MarkFile(File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None), path);
            }
            catch (IOException) when (worker < MaxWorkers && File.Exists(path))
            {
                // Pressure tier: another worker has it.
            }
        }
    }

    /// <returns>None when there is none, or what is there is not one.</returns>
    public CrashMark Read()
    {
        var bytes = new byte[RandomAccess.GetLength(_handle)];
        var line = bytes.AsSpan(0, RandomAccess.Read(_handle, bytes, 0));
        var end = line.IndexOf((byte)'\n');
        try
        {
            return end < 0 ? CrashMark.None : JsonSerializer.Deserialize(line[..end], CrashMarkJson.Default.CrashMark) is { Working: not null, Suspects: not null } mark ? mark : CrashMark.None;
        }
        catch (JsonException)
        {
            return CrashMark.None; // per record tier: somebody else's file, or one cut off by a full disk; the next write replaces it
        }
    }

    public void Write(CrashMark mark)
    {
        var line = JsonSerializer.SerializeToUtf8Bytes(mark, CrashMarkJson.Default.CrashMark);
        Array.Resize(ref line, line.Length + 1);
        line[^1] = (byte)'\n';
        RandomAccess.Write(_handle, line, 0);
    }

    /// <param name="delete">Deleted while it is still ours, because a moment later another worker may have one of this name.</param>
    public void Close(bool delete)
    {
        try
        {
            if (delete)
            {
                File.Delete(Path);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Per record tier: an empty mark that stays says nothing.
        }
        finally
        {
            _handle.Dispose();
        }
    }

    /// <summary>Group and instance names may hold anything, file names may not.</summary>
    private static string Safe(string name) => string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' ? $"{c}" : $"%{(int)c:x}"));
}
