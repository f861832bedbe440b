namespace StreamScorer;

/// <summary>Files and folders that come with the program: a packed program carries them beside itself, a built one lies inside the repository that has them.</summary>
internal static class ProgramFiles
{
    /// <param name="path">A relative one is looked for in the working directory, then beside the program and in the folders above it.</param>
    /// <param name="exists"><see cref="File.Exists"/> or <see cref="Directory.Exists"/>.</param>
    /// <returns>Where it is; null when it is nowhere.</returns>
    public static string? Find(string path, Predicate<string> exists)
    {
        if (exists(path))
        {
            return path;
        }

        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var candidate = Path.Combine(folder.FullName, path);
            if (exists(candidate))
            {
                return candidate;
            }
        }

        return null;
    }
}
