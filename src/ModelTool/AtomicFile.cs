namespace ModelTool;

/// <summary>Files that are there whole or not at all.</summary>
internal static class AtomicFile
{
    /// <summary>Writes beside the file, then renames.</summary>
    /// <param name="check">Looks at the written file before it takes the place of the old one; may throw.</param>
    public static void Write(string path, byte[] content, Action<string>? check = null) => Write(path, stream => stream.Write(content), check);

    /// <summary>As above, for what need not be in memory at once.</summary>
    public static void Write(string path, Action<FileStream> write, Action<string>? check = null)
    {
        var aside = $"{path}.{Environment.ProcessId}.tmp";
        try
        {
            using (var stream = File.Create(aside))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            check?.Invoke(aside);
            File.Move(aside, path, overwrite: true);
        }
        catch
        {
            File.Delete(aside);
            throw;
        }
    }
}
