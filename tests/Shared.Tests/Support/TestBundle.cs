using System.Text.Json;
using System.Text.Json.Nodes;
using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Encode;

namespace Shared.Tests.Support;

/// <summary>A bundle folder of its own for one test, which may spoil it; gone with the test.</summary>
internal sealed class TestBundle : IDisposable
{
    public static readonly HeadManifest[] ThreeHeads =
    [
        new("fake", HeadKind.Softmax, ["not_fake", "fake"]),
        new("hate", HeadKind.Softmax, ["not_hate", "hate"]),
        new("sentiment", HeadKind.Softmax, ["negative", "positive"]),
    ];

    private TestBundle() => Directory.CreateDirectory(Folder);

    public string Folder { get; } = Path.Combine(Path.GetTempPath(), "streamscorer-test-" + Guid.NewGuid().ToString("N"));

    public string ManifestPath => Path.Combine(Folder, ModelBundle.ManifestFile);

    /// <summary>The fixture model with its three softmax heads that the padded export has.</summary>
    public static TestBundle TinyBert(Func<BundleManifest, BundleManifest>? change = null)
    {
        var bundle = new TestBundle();
        File.Copy(Repository.TinyBert("model.padded.onnx"), bundle.PathOf("model.onnx"));
        File.Copy(Repository.TinyBert("vocab.txt"), bundle.PathOf("vocab.txt"));
        var manifest = Manifest(ThreeHeads) with { Encoder = new EncoderManifest(2, 32, 4, 64, 8000, 512), MaxTokens = 64 };
        return bundle.Seal(change is null ? manifest : change(manifest));
    }

    /// <summary>A graph made in the test, a vocabulary of ten entries, at most 16 tokens.</summary>
    public static TestBundle Of(byte[] graph, params HeadManifest[] heads)
    {
        var bundle = new TestBundle();
        File.WriteAllBytes(bundle.PathOf("model.onnx"), graph);
        File.WriteAllLines(bundle.PathOf("vocab.txt"), ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "c", "d", "e"]);
        return bundle.Seal(Manifest(heads));
    }

    /// <summary>A model of the reference folder, with the files its weights are in.</summary>
    public static TestBundle OfReference(GraphPrecision precision, string graph, params string[] data)
    {
        var files = ((string[])[graph, "vocab.txt", .. data]).Select(name => Repository.Reference("model", name)).ToList(); // skips before a folder is made
        var bundle = new TestBundle();
        foreach (var file in files)
        {
            File.Copy(file, bundle.PathOf(Path.GetFileName(file)));
        }

        return bundle.Seal(Manifest(ThreeHeads) with
        {
            Encoder = new EncoderManifest(6, 384, 12, 1536, 30522, 512),
            MaxTokens = 256,
            Variants = new Dictionary<string, VariantManifest> { ["cpu"] = new(graph, GraphLayout.Padded, precision, data, precision == GraphPrecision.Int8) },
        });
    }

    public string PathOf(string name) => Path.Combine(Folder, name);

    public ModelBundle Open() => ModelBundle.Open(Folder);

    /// <summary>The one line that opening it ends with.</summary>
    public string OpenFault()
    {
        var message = Assert.Throws<BundleException>(Open).Message;
        Assert.DoesNotContain('\n', message);
        return message;
    }

    public void WritePolicy(string json) => File.WriteAllText(PathOf(ModelBundle.PolicyFileName), json);

    /// <summary>Changes the manifest as a person with an editor would.</summary>
    public void Edit(Action<JsonNode> change)
    {
        var json = JsonNode.Parse(File.ReadAllText(ManifestPath))!;
        change(json);
        File.WriteAllText(ManifestPath, json.ToJsonString());
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private static BundleManifest Manifest(IReadOnlyList<HeadManifest> heads) => new()
    {
        Format = BundleManifest.CurrentFormat,
        Name = "test",
        Version = "1",
        Encoder = new EncoderManifest(1, 1, 1, 1, 10, 16),
        Tokenizer = new TokenizerSettings(),
        MaxTokens = 16,
        Heads = heads,
        Vocabulary = "vocab.txt",
        Variants = new Dictionary<string, VariantManifest> { ["cpu"] = new("model.onnx", GraphLayout.Padded, GraphPrecision.Fp32) },
        Files = [],
    };

    private TestBundle Seal(BundleManifest manifest)
    {
        var names = Directory.GetFiles(Folder).Select(Path.GetFileName).Order(StringComparer.Ordinal);
        var sealed_ = manifest with { Files = [.. names.Select(name => FileManifest.Describe(Folder, name!))] };
        File.WriteAllText(ManifestPath, JsonSerializer.Serialize(sealed_, BundleJson.Default.BundleManifest));
        WritePolicy("""{"version": "1", "heads": {}}""");
        return this;
    }
}
