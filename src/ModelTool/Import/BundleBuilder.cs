using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Infer;

namespace ModelTool.Import;

/// <summary>Training data and metrics as <c>--about</c> gives them; the same members as in the manifest.</summary>
internal sealed record AboutFile(TrainingManifest? Training = null, MetricsManifest? Metrics = null);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(AboutFile))]
internal sealed partial class AboutJson : JsonSerializerContext;

/// <summary>Writes a bundle folder's manifest over its files, and opens the result as the worker would.</summary>
internal static class BundleBuilder
{
    /// <summary>Makes the bundle beside the folder, and puts its files there once it opens.</summary>
    public static ModelBundle Make(string folder, BundleSource source)
    {
        OutputFolder.Add(folder, ModelBundle.ManifestFile, aside => Fill(aside, source, folder));
        return ModelBundle.Open(folder);
    }

    private static void Fill(string folder, BundleSource source, string target)
    {
        var old = ReadOld(target);
        var about = ReadAbout(source.About);
        Copy(source.Vocabulary, folder, source.Vocabulary.Name);
        foreach (var file in source.Variants.Values.SelectMany(variant => variant.Files))
        {
            Copy(file, folder, file.Name);
        }

        Copy(source.Policy ?? Existing(target, ModelBundle.PolicyFileName), folder, ModelBundle.PolicyFileName);
        Copy(source.Card, folder, "README.md");
        Seal(folder, new BundleManifest
        {
            Format = BundleManifest.CurrentFormat,
            Name = source.Name,
            Version = source.Version,
            Encoder = CheckpointFiles.ReadEncoder(source.Config),
            Tokenizer = CheckpointFiles.ReadTokenizer(source.TokenizerConfig),
            MaxTokens = source.MaxTokens,
            Segments = source.Segments,
            Heads = [.. HeadSpecs.Read(source.Heads).Select(head => head.Manifest)],
            Vocabulary = source.Vocabulary.Name,
            Variants = source.Variants.ToDictionary(variant => variant.Key, variant => Describe(variant.Value)),
            Files = [],
            Training = about?.Training ?? old?.Training,
            Metrics = about?.Metrics ?? old?.Metrics,
        });
    }

    /// <summary>Takes the lengths and digests of a bundle's files anew, after a person changed them on purpose.</summary>
    public static ModelBundle Reseal(string folder) =>
        Seal(folder, ReadOld(folder) ?? throw new ToolException($"{folder} has no {ModelBundle.ManifestFile}: make the bundle first."));

    /// <summary>Describes the files that the manifest names, writes it beside them, and tries the result as the worker would.</summary>
    public static ModelBundle Seal(string folder, BundleManifest manifest)
    {
        var names = manifest.Variants.Values
            .SelectMany(variant => (string[])[variant.Graph, .. variant.Data ?? []])
            .Prepend(manifest.Vocabulary)
            .Distinct(StringComparer.Ordinal);
        var files = names.Select(name => Describe(folder, name)).ToList();
        var json = JsonSerializer.Serialize(manifest with { Files = files }, BundleJson.Default.BundleManifest);
        var path = Path.Combine(folder, ModelBundle.ManifestFile);
        var old = File.Exists(path) ? File.ReadAllBytes(path) : null;
        AtomicFile.Write(path, Encoding.UTF8.GetBytes(json + "\n"));
        try
        {
            return Try(folder);
        }
        catch
        {
            // Nobody must take for a bundle what does not open.
            if (old is null)
            {
                File.Delete(path);
            }
            else
            {
                AtomicFile.Write(path, old);
            }

            throw;
        }
    }

    private static ModelBundle Try(string folder)
    {
        var bundle = ModelBundle.Open(folder);
        _ = bundle.LoadTokenizer();
        if (bundle.Manifest.Heads.Any(head => head.Kind is not (HeadKind.Softmax or HeadKind.Sigmoid)))
        {
            GraphTrial.Run(bundle);
            return bundle;
        }

        var device = bundle.Manifest.Variants.ContainsKey("cpu") ? DeviceChoice.Cpu : DeviceChoice.Cuda;
        using var scorer = OnnxScorer.Open(bundle, new InferOptions { Device = device });
        return bundle;
    }

    private static FileManifest Describe(string folder, string name) => File.Exists(Path.Combine(folder, name))
        ? FileManifest.Describe(folder, name)
        : throw new ToolException($"{folder} has no '{name}', which its manifest names.");

    private static VariantManifest Describe(VariantSource variant)
    {
        var names = variant.Files.Select(file => file.Name).ToList();
        return new VariantManifest(
            names[0],
            GraphLayout.Padded,
            variant.Precision,
            names.Count > 1 ? names[1..] : null,
            variant.Precision == GraphPrecision.Int8 && WeightZeroPoints.AllOwn(variant.Files[0]));
    }

    private static BundleManifest? ReadOld(string folder) =>
        File.Exists(Path.Combine(folder, ModelBundle.ManifestFile)) ? ModelBundle.ReadManifest(folder).Manifest : null;

    private static FileInfo? Existing(string folder, string name) => new FileInfo(Path.Combine(folder, name)) is { Exists: true } file ? file : null;

    private static AboutFile? ReadAbout(FileInfo? file)
    {
        try
        {
            return file is null ? null : JsonSerializer.Deserialize(File.ReadAllBytes(file.FullName), AboutJson.Default.AboutFile);
        }
        catch (JsonException e)
        {
            throw new ToolException($"{file} is not valid: {JsonFaults.Describe(e)}.", e);
        }
    }

    /// <summary>Copies a file into a bundle's folder, if it is given.</summary>
    public static void Copy(FileInfo? file, string folder, string name)
    {
        if (file is not null)
        {
            // Not File.Copy: it would also carry over a read-only mode, and the next run could not overwrite it.
            using var from = file.OpenRead();
            using var to = File.Create(Path.Combine(folder, name));
            from.CopyTo(to);
        }
    }
}
