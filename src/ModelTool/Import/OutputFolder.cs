using StreamScorer.Shared.Bundle;

namespace ModelTool.Import;

/// <summary>A folder that comes into being whole or not at all.</summary>
internal static class OutputFolder
{
    /// <summary>Fills a folder beside the target and puts it in the target's place. Replaces a bundle, a checkpoint or an empty folder.</summary>
    /// <param name="fill">Gets the folder to write to.</param>
    /// <exception cref="ToolException">The target holds something else.</exception>
    public static void Write(string target, Action<string> fill)
    {
        var path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(target));
        if (File.Exists(path) || (Directory.Exists(path) && !IsReplaceable(path)))
        {
            throw new ToolException($"{path} is there already and is neither a model bundle nor a checkpoint: choose another --out, or remove it.");
        }

        var aside = path + ".part";
        Remove(aside); // what an interrupted run left
        try
        {
            Directory.CreateDirectory(aside);
            fill(aside);
            var old = path + ".old";
            Remove(old);
            if (Directory.Exists(path))
            {
                Directory.Move(path, old);
            }

            Directory.Move(aside, path);
            Remove(old);
        }
        finally
        {
            Remove(aside);
        }
    }

    private static bool IsReplaceable(string path) =>
        File.Exists(Path.Combine(path, ModelBundle.ManifestFile)) || File.Exists(Path.Combine(path, "config.json")) || !Directory.EnumerateFileSystemEntries(path).Any();

    private static void Remove(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
