namespace ModelTool.Import;

/// <summary>Folders that change whole or not at all: what is written goes to a folder beside, and takes its place when all of it is there.</summary>
internal static class OutputFolder
{
    /// <summary>The file by which a checkpoint is known.</summary>
    public const string CheckpointMark = "config.json";

    /// <summary>Puts a new folder in the target's place, which may be empty, absent, or hold an older one of the same kind.</summary>
    /// <param name="mark">The file by which that kind is known.</param>
    /// <param name="fill">Gets the folder to write to.</param>
    /// <exception cref="ToolException">The target holds something else.</exception>
    public static void Write(string target, string mark, Action<string> fill)
    {
        var path = Normal(target);
        var old = path + ".old";
        if (!Directory.Exists(path) && Directory.Exists(old))
        {
            Directory.Move(old, path); // a run was killed between the two moves below
        }

        if (File.Exists(path) || (Directory.Exists(path) && !IsReplaceable(path, mark)))
        {
            throw new ToolException($"{path} is there already and is not what would be replaced: it has no {mark}. Choose another folder, or remove it.");
        }

        Stage(path, fill, aside =>
        {
            Remove(old);
            if (Directory.Exists(path))
            {
                Directory.Move(path, old);
            }

            Directory.Move(aside, path);
            Remove(old);
        });
    }

    /// <summary>Puts new files into the target, over those of the same names; what else is there stays.</summary>
    /// <param name="fill">Gets the folder to write to.</param>
    /// <param name="last">The file that makes the others count: it comes last.</param>
    public static void Add(string target, string last, Action<string> fill)
    {
        var path = Normal(target);
        Stage(path, fill, aside =>
        {
            Directory.CreateDirectory(path);
            foreach (var file in Directory.GetFiles(aside).OrderBy(file => Path.GetFileName(file) == last))
            {
                File.Move(file, Path.Combine(path, Path.GetFileName(file)), overwrite: true);
            }
        });
    }

    private static void Stage(string path, Action<string> fill, Action<string> place)
    {
        var aside = path + ".part";
        Remove(aside); // what an interrupted run left
        try
        {
            Directory.CreateDirectory(aside);
            fill(aside);
            place(aside);
        }
        finally
        {
            Remove(aside);
        }
    }

    private static string Normal(string target) => Path.TrimEndingDirectorySeparator(Path.GetFullPath(target));

    private static bool IsReplaceable(string path, string mark) => File.Exists(Path.Combine(path, mark)) || !Directory.EnumerateFileSystemEntries(path).Any();

    private static void Remove(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
