namespace StreamScorer.Shared.Bundle;

/// <summary>The files of a bundle against their digests.</summary>
internal static class BundleFiles
{
    /// <summary>Faults, each a clause without a full stop. Reads every file once, without holding it in memory.</summary>
    public static List<string> Check(string folder, BundleManifest manifest)
    {
        var faults = new List<string>();
        foreach (var file in manifest.Files)
        {
            if (CheckFile(folder, file) is { } fault)
            {
                faults.Add(fault);
            }
        }

        if (faults.Count == 0)
        {
            var entries = File.ReadLines(Path.Combine(folder, manifest.Vocabulary)).Count();
            if (entries != manifest.Encoder.Vocabulary)
            {
                faults.Add($"'{manifest.Vocabulary}' has {entries} entries and encoder.vocabulary is {manifest.Encoder.Vocabulary}");
            }
        }

        return faults;
    }

    private static string? CheckFile(string folder, FileManifest expected)
    {
        try
        {
            var path = Path.Combine(folder, expected.Name);
            if (!File.Exists(path))
            {
                return $"'{expected.Name}' is missing";
            }

            using var file = File.OpenHandle(path); // the length of a link is not that of the file, and containers get their files as links
            var length = RandomAccess.GetLength(file);
            if (length != expected.Bytes)
            {
                return $"'{expected.Name}' has {length} bytes and the manifest says {expected.Bytes}";
            }

            var actual = FileManifest.Describe(folder, expected.Name).Sha256;
            return actual == expected.Sha256 ? null : $"'{expected.Name}' has SHA-256 {actual} and the manifest says {expected.Sha256}";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"'{expected.Name}' cannot be read ({e.Message.TrimEnd('.')})";
        }
    }
}
