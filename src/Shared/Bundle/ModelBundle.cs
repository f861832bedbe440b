using System.Security.Cryptography;
using System.Text.Json;
using StreamScorer.Shared.Contracts;
using StreamScorer.Shared.Encode;
using StreamScorer.Shared.Judge;

namespace StreamScorer.Shared.Bundle;

/// <summary>A folder with a model, its vocabulary and its policy, checked against its manifest.</summary>
public sealed class ModelBundle
{
    public const string ManifestFile = "manifest.json";
    public const string PolicyFileName = "policy.json";

    private ModelBundle(string folder, BundleManifest manifest, string sha256, Policy policy)
    {
        Folder = folder;
        Manifest = manifest;
        Sha256 = sha256;
        Policy = policy;
    }

    /// <summary>Full path.</summary>
    public string Folder { get; }

    public BundleManifest Manifest { get; }

    /// <summary>
    /// SHA-256 of <c>manifest.json</c>, lower-case hexadecimal. The manifest holds the digests of all files that decide a score,
    /// so it stands for the model as served: graph, weights, vocabulary, tokenizer settings, labels. The policy is not part of it.
    /// </summary>
    public string Sha256 { get; }

    public ModelIdentity Identity => new(Manifest.Name, Manifest.Version, Sha256);

    /// <summary>The policy as it was when the bundle was opened.</summary>
    public Policy Policy { get; }

    /// <summary>Where the policy is read from, now and on reload.</summary>
    public string PolicyFile => Path.Combine(Folder, PolicyFileName);

    /// <summary>Reads the manifest and the policy and verifies every file; takes as long as reading the files once.</summary>
    /// <exception cref="BundleException">Something is missing or does not fit; all faults that can be seen at once are named.</exception>
    public static ModelBundle Open(string folder)
    {
        var path = Path.GetFullPath(folder);
        if (!Directory.Exists(path))
        {
            throw new BundleException($"The model bundle folder {path} does not exist: set Model:Bundle to a folder with a {ManifestFile}.");
        }

        var (manifest, sha256) = ReadManifest(path);
        if (ManifestRules.Check(manifest) is { Count: > 0 } wrong)
        {
            throw Refused(path, wrong); // what it says of files and heads cannot be relied on
        }

        var faults = BundleFiles.Check(path, manifest);
        Policy? policy = null;
        try
        {
            policy = Policy.Load(Path.Combine(path, PolicyFileName), manifest.Heads);
        }
        catch (PolicyException e)
        {
            faults.Add(e.Message.TrimEnd('.'));
        }

        return policy is not null && faults.Count == 0
            ? new ModelBundle(path, manifest, sha256, policy)
            : throw Refused(path, faults);
    }

    /// <summary>Full path of one of the bundle's files.</summary>
    public string PathOf(string name) => Path.Combine(Folder, name);

    /// <exception cref="BundleException">The vocabulary is no WordPiece vocabulary.</exception>
    public BertTokenizer LoadTokenizer()
    {
        try
        {
            return BertTokenizer.Load(PathOf(Manifest.Vocabulary), Manifest.Tokenizer);
        }
        catch (InvalidDataException e)
        {
            throw new BundleException($"The model bundle {Folder} is refused: {e.Message}", e);
        }
    }

    /// <summary>The pieces of words that token ids stand for, by id: <c>play</c>, <c>##ing</c>.</summary>
    /// <exception cref="BundleException">The vocabulary cannot be read any more.</exception>
    public IReadOnlyList<string> LoadPieces()
    {
        try
        {
            return [.. Vocabulary.ReadLines(PathOf(Manifest.Vocabulary)).Select(line => line.TrimEnd())];
        }
        catch (InvalidDataException e)
        {
            throw new BundleException($"The model bundle {Folder} has changed: {e.Message}", e);
        }
    }

    /// <summary>What makes the model's input of a text.</summary>
    /// <exception cref="BundleException">The vocabulary is no WordPiece vocabulary.</exception>
    public PostEncoder LoadEncoder() => new(LoadTokenizer(), Manifest.MaxTokens, Manifest.Segments);

    /// <summary>Reads a folder's manifest without looking at anything else, and its SHA-256.</summary>
    /// <exception cref="BundleException">There is none, or it is not valid JSON of the right shape.</exception>
    public static (BundleManifest Manifest, string Sha256) ReadManifest(string folder)
    {
        var file = Path.Combine(folder, ManifestFile);
        if (!File.Exists(file))
        {
            throw new BundleException($"The folder {folder} is no model bundle: it has no {ManifestFile}. Make one with 'modeltool bundle'.");
        }

        try
        {
            var bytes = File.ReadAllBytes(file);
            var manifest = JsonSerializer.Deserialize(bytes, BundleJson.Default.BundleManifest);
            return manifest is null || ManifestRules.HasNulls(manifest)
                ? throw new JsonException("it, or something in one of its lists, is null")
                : (manifest, Convert.ToHexStringLower(SHA256.HashData(bytes)));
        }
        catch (JsonException e)
        {
            throw new BundleException($"{file} is no valid manifest: {JsonFaults.Describe(e)}. Restore it, or remove it and make it anew with 'modeltool bundle'.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BundleException($"{file} cannot be read: {e.Message}", e);
        }
    }

    private static BundleException Refused(string folder, List<string> faults) => new(
        $"The model bundle {folder} is refused: {string.Join("; ", faults)}. Restore its files, or seal what you changed with 'modeltool bundle --reseal'.");
}
