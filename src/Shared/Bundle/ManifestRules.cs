namespace StreamScorer.Shared.Bundle;

/// <summary>What must hold inside a manifest, before any file is looked at.</summary>
internal static class ManifestRules
{
    public const string Cpu = "cpu";
    public const string Cuda = "cuda";

    /// <summary>Faults, each a clause without a full stop.</summary>
    public static List<string> Check(BundleManifest manifest)
    {
        if (manifest.Format != BundleManifest.CurrentFormat)
        {
            // Another format may mean anything else by its members.
            return [$"its manifest has format {manifest.Format} and this program reads format {BundleManifest.CurrentFormat}"];
        }

        var faults = new List<string>();
        CheckNames(manifest, faults);
        CheckSizes(manifest, faults);
        CheckSegments(manifest, faults);
        CheckHeads(manifest.Heads, faults);
        CheckFiles(manifest, faults);
        CheckVariants(manifest, faults);
        return faults;
    }

    /// <summary>The serializer refuses null for a member, and lets it through inside a list.</summary>
    public static bool HasNulls(BundleManifest manifest) =>
        manifest.Heads.Any(head => head is null || head.Labels.Contains(null))
        || manifest.Files.Contains(null)
        || manifest.Variants.Values.Any(variant => variant is null || variant.Data?.Contains(null) == true);

    private static void CheckNames(BundleManifest manifest, List<string> faults)
    {
        if (string.IsNullOrWhiteSpace(manifest.Name))
        {
            faults.Add("name is empty");
        }

        if (string.IsNullOrWhiteSpace(manifest.Version))
        {
            faults.Add("version is empty");
        }
    }

    private static void CheckSizes(BundleManifest manifest, List<string> faults)
    {
        var encoder = manifest.Encoder;
        ReadOnlySpan<(string Name, int Value)> sizes =
        [
            ("layers", encoder.Layers), ("hidden", encoder.Hidden), ("attention_heads", encoder.AttentionHeads),
            ("intermediate", encoder.Intermediate), ("vocabulary", encoder.Vocabulary), ("positions", encoder.Positions),
        ];
        foreach (var (name, value) in sizes)
        {
            if (value < 1)
            {
                faults.Add($"encoder.{name} is {value} and must be at least 1");
            }
        }

        // [CLS], one piece of text, [SEP].
        if (manifest.MaxTokens < 3 || manifest.MaxTokens > encoder.Positions)
        {
            faults.Add($"max_tokens is {manifest.MaxTokens} and must lie between 3 and encoder.positions ({encoder.Positions})");
        }
    }

    private static void CheckSegments(BundleManifest manifest, List<string> faults)
    {
        if (manifest.Segments is not { } segments)
        {
            return;
        }

        faults.AddRange(segments.Faults(manifest.MaxTokens).Select(fault => $"segments.{fault}"));
        foreach (var head in manifest.Heads.Where(head => head.Pair || head.Kind is not (HeadKind.Softmax or HeadKind.Sigmoid)))
        {
            faults.Add($"it has segments, and head '{head.Name}' {(head.Pair ? "reads two texts" : "gives nothing that they could have together")}");
        }
    }

    private static void CheckHeads(IReadOnlyList<HeadManifest> heads, List<string> faults)
    {
        if (heads.Count == 0)
        {
            faults.Add("it has no heads");
        }

        foreach (var name in Doubled(heads.Select(head => head.Name)))
        {
            faults.Add($"head '{name}' is there twice");
        }

        foreach (var head in heads)
        {
            if (string.IsNullOrWhiteSpace(head.Name))
            {
                faults.Add("a head has no name");
            }

            var least = head.Kind == HeadKind.Softmax ? 2 : 1;
            if (head.Kind != HeadKind.Embedding && head.Labels.Count < least)
            {
                faults.Add($"head '{head.Name}' has {head.Labels.Count} labels and needs at least {least}");
            }

            foreach (var label in Doubled(head.Labels))
            {
                faults.Add($"head '{head.Name}' has the label '{label}' twice");
            }

            if (head.Labels.Any(string.IsNullOrWhiteSpace))
            {
                faults.Add($"head '{head.Name}' has a label without a name");
            }
        }
    }

    private static void CheckFiles(BundleManifest manifest, List<string> faults)
    {
        foreach (var name in Doubled(manifest.Files.Select(file => file.Name)))
        {
            faults.Add($"file '{name}' is listed twice");
        }

        foreach (var file in manifest.Files)
        {
            if (!IsInside(file.Name))
            {
                faults.Add($"file name '{file.Name}' must be relative, inside the folder, with forward slashes");
            }

            if (file.Bytes < 0 || file.Sha256.Length != 64 || !file.Sha256.All(char.IsAsciiHexDigitLower))
            {
                faults.Add($"file '{file.Name}' needs its length in bytes and a SHA-256 of 64 lower-case hexadecimal digits");
            }
        }
    }

    private static void CheckVariants(BundleManifest manifest, List<string> faults)
    {
        if (manifest.Variants.Count == 0)
        {
            faults.Add("it has no variants");
        }

        var listed = manifest.Files.Select(file => file.Name).ToHashSet(StringComparer.Ordinal);
        if (!listed.Contains(manifest.Vocabulary))
        {
            faults.Add($"vocabulary '{manifest.Vocabulary}' is not among its files");
        }

        foreach (var (name, variant) in manifest.Variants)
        {
            if (name is not (Cpu or Cuda))
            {
                faults.Add($"variant '{name}' is unknown; there are '{Cpu}' and '{Cuda}'");
            }

            if (name == Cuda && variant.Precision == GraphPrecision.Int8)
            {
                faults.Add($"variant '{Cuda}' is int8, which serves on the CPU only");
            }

            foreach (var file in (string[])[variant.Graph, .. variant.Data ?? []])
            {
                if (!listed.Contains(file))
                {
                    faults.Add($"variant '{name}' uses '{file}', which is not among its files");
                }
            }
        }
    }

    /// <summary>Whether a name from a manifest stays inside the folder it is resolved against.</summary>
    public static bool IsInside(string name) =>
        name.Length > 0
        && !name.Contains('\\', StringComparison.Ordinal)
        && !name.Contains(':', StringComparison.Ordinal)
        && !name.Contains('\0', StringComparison.Ordinal)
        && name.Split('/').All(part => part is not ("" or "." or ".."));

    private static IEnumerable<string> Doubled(IEnumerable<string> names) =>
        names.GroupBy(name => name, StringComparer.Ordinal).Where(group => group.Count() > 1).Select(group => group.Key);
}
