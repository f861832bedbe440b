using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Shared.Tests.Support;
using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Encode;

namespace Shared.Tests.Bundle;

public sealed class ModelBundleTests
{
    [Fact]
    public void Open_ShouldIdentifyTheModelByItsManifest()
    {
        using var bundle = TestBundle.TinyBert();

        var opened = bundle.Open();

        var digest = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(bundle.ManifestPath)));
        Assert.Equal(("test", "1", digest), (opened.Identity.Name, opened.Identity.Version, opened.Identity.Sha256));
        Assert.Equal("1", opened.Policy.Version);
        Assert.Equal(8000, opened.LoadTokenizer().VocabularySize);
    }

    [Fact]
    public void Open_ShouldTakeTheDefaultBundle()
    {
        var opened = ModelBundle.Open(Repository.DefaultBundle);

        Assert.Equal(["fake", "hate", "sentiment"], opened.Manifest.Heads.Select(head => head.Name));
        Assert.Equal(256, opened.Manifest.MaxTokens);
        Assert.NotNull(opened.Manifest.Training);
        Assert.NotNull(opened.Manifest.Metrics);
    }

    [Fact]
    public void Open_ShouldNotMindAChangedPolicy()
    {
        using var bundle = TestBundle.TinyBert();
        var before = bundle.Open().Sha256;

        bundle.WritePolicy("""{"version": "2", "heads": {"hate": {"hate": {"flag": 0.5}}}}""");

        var opened = bundle.Open();
        Assert.Equal("2", opened.Policy.Version);
        Assert.Equal(before, opened.Sha256);
    }

    [Fact]
    public void Open_ShouldFollowLinks_AsContainersGetTheirFiles()
    {
        var folder = Directory.CreateTempSubdirectory("streamscorer-test-").FullName;
        try
        {
            foreach (var file in Directory.GetFiles(Repository.DefaultBundle))
            {
                File.CreateSymbolicLink(Path.Combine(folder, Path.GetFileName(file)), file);
            }

            Assert.Equal(ModelBundle.Open(Repository.DefaultBundle).Sha256, ModelBundle.Open(folder).Sha256);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Open_ShouldReadSegments_AndLeaveThemOut()
    {
        using var bundle = TestBundle.TinyBert();
        Assert.Null(bundle.Open().Manifest.Segments);

        bundle.Edit(json => json["segments"] = JsonNode.Parse("""{"overlap": 8, "most": 4, "aggregate": "max"}"""));
        Assert.Equal(new SegmentSettings { Overlap = 8, Most = 4, Aggregate = SegmentAggregate.Max }, bundle.Open().Manifest.Segments);
    }

    [Theory]
    [InlineData("""{"overlap": 32, "most": 8, "aggregate": "mean"}""", "segments.overlap is 32 and must lie between 0 and 31, half of the 64 tokens of a segment")]
    [InlineData("""{"overlap": 8, "most": 1, "aggregate": "mean"}""", "segments.most is 1 and must lie between 2 and 1024")]
    [InlineData("""{"overlap": 8, "most": 8, "aggregate": "median"}""", "$.segments.aggregate")]
    [InlineData("""{"overlap": 8, "most": 8}""", "it misses 'aggregate'")]
    [InlineData("""{"overlap": 8, "stride": 2}""", "member 'stride' is unknown")]
    public void Open_ShouldRefuse_WhenSegmentsCannotBe(string segments, string fault)
    {
        using var bundle = TestBundle.TinyBert();
        bundle.Edit(json => json["segments"] = JsonNode.Parse(segments));

        Assert.Contains(fault, bundle.OpenFault(), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_ShouldRefuse_WhenAHeadHasNothingThatSegmentsCouldHaveTogether()
    {
        using var bundle = TestBundle.TinyBert(manifest => manifest with { Heads = [new HeadManifest("names", HeadKind.Token, ["O", "B"])], Segments = new SegmentSettings { Overlap = 8 } });

        Assert.Contains("it has segments, and head 'names' gives nothing that they could have together", bundle.OpenFault(), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_ShouldTakeTheTokenizersDefaults_WhenTheManifestIsSilent()
    {
        using var bundle = TestBundle.TinyBert();
        bundle.Edit(json => json["tokenizer"] = JsonNode.Parse("{}"));

        Assert.Equal(new TokenizerSettings { LowerCase = true, StripAccents = null, SplitCjk = true }, bundle.Open().Manifest.Tokenizer);
    }

    [Fact]
    public void Open_ShouldRefuse_WhenTheFolderIsMissing()
    {
        var folder = Path.Combine(Path.GetTempPath(), "streamscorer-no-such-folder");

        var message = Assert.Throws<BundleException>(() => ModelBundle.Open(folder)).Message;

        Assert.Equal($"The model bundle folder {folder} does not exist: set Model:Bundle to a folder with a manifest.json.", message);
    }

    [Fact]
    public void Open_ShouldRefuse_WhenTheManifestIsMissing()
    {
        using var bundle = TestBundle.TinyBert();
        File.Delete(bundle.ManifestPath);

        Assert.Equal(
            $"The folder {bundle.Folder} is no model bundle: it has no manifest.json. Make one with 'modeltool bundle'.", bundle.OpenFault());
    }

    [Fact]
    public void Open_ShouldRefuse_WhenTheManifestIsTruncated()
    {
        using var bundle = TestBundle.TinyBert();
        var text = File.ReadAllText(bundle.ManifestPath);
        File.WriteAllText(bundle.ManifestPath, text[..(text.Length / 2)]);

        Assert.StartsWith($"{bundle.ManifestPath} is no valid manifest: ", bundle.OpenFault(), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_ShouldRefuse_WhenAMemberIsUnknown()
    {
        using var bundle = TestBundle.TinyBert();
        bundle.Edit(json => json["tokenizer"]!["lowercase"] = true);

        Assert.StartsWith(
            $"{bundle.ManifestPath} is no valid manifest: member 'lowercase' is unknown at $.tokenizer.lowercase (line 1).",
            bundle.OpenFault(),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Open_ShouldRefuse_WhenAMemberIsMissing()
    {
        using var bundle = TestBundle.TinyBert();
        bundle.Edit(json => json.AsObject().Remove("heads"));

        Assert.Contains("it misses 'heads'", bundle.OpenFault(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("heads")]
    [InlineData("name")]
    public void Open_ShouldRefuse_WhenAMemberIsNull(string member)
    {
        using var bundle = TestBundle.TinyBert();
        bundle.Edit(json => json[member] = null);

        Assert.Contains("must not be null", bundle.OpenFault(), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_ShouldRefuse_WhenAListHasANull()
    {
        Action<JsonNode>[] spoilers =
        [
            json => json["heads"]![0] = null,
            json => json["heads"]![0]!["labels"]![0] = null,
            json => json["files"]![0] = null,
            json => json["variants"]!["cpu"] = null,
            json => json["variants"]!["cpu"]!["data"] = new JsonArray((JsonNode?)null),
        ];
        Assert.All(spoilers, spoil =>
        {
            using var bundle = TestBundle.TinyBert();
            bundle.Edit(spoil);
            Assert.Contains("something in one of its lists, is null", bundle.OpenFault(), StringComparison.Ordinal);
        });
    }

    [Fact]
    public void Open_ShouldRefuse_WhenTheFormatIsAnother()
    {
        using var bundle = TestBundle.TinyBert();
        bundle.Edit(json => json["format"] = 2);

        Assert.Contains("its manifest has format 2 and this program reads format 1", bundle.OpenFault(), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_ShouldNameAllBadFilesAtOnce()
    {
        using var bundle = TestBundle.TinyBert();
        var graph = File.ReadAllBytes(bundle.PathOf("model.onnx"));
        graph[^1] ^= 1;
        File.WriteAllBytes(bundle.PathOf("model.onnx"), graph);
        File.Delete(bundle.PathOf("vocab.txt"));
        File.Delete(bundle.PathOf("policy.json"));

        var message = bundle.OpenFault();

        Assert.StartsWith($"The model bundle {bundle.Folder} is refused: ", message, StringComparison.Ordinal);
        Assert.Contains("'vocab.txt' is missing", message, StringComparison.Ordinal);
        Assert.Contains($"'model.onnx' has SHA-256 {Convert.ToHexStringLower(SHA256.HashData(graph))} and the manifest says ", message, StringComparison.Ordinal);
        Assert.Contains($"The policy {bundle.PathOf("policy.json")} is missing", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_ShouldRefuse_WhenAFileIsTruncated()
    {
        using var bundle = TestBundle.TinyBert();
        using (var file = File.OpenWrite(bundle.PathOf("model.onnx")))
        {
            file.SetLength(1000);
        }

        Assert.Contains("'model.onnx' has 1000 bytes and the manifest says 1207804", bundle.OpenFault(), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_ShouldRefuse_WhenTheVocabularyHasAnotherSize()
    {
        using var bundle = TestBundle.TinyBert();
        bundle.Edit(json => json["encoder"]!["vocabulary"] = 7999);

        Assert.Contains("'vocab.txt' has 8000 entries and encoder.vocabulary is 7999", bundle.OpenFault(), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_ShouldRefuse_WhenThePolicyDoesNotFitTheHeads()
    {
        using var bundle = TestBundle.TinyBert();
        bundle.WritePolicy("""{"version": "1", "heads": {"hate": {"hateful": {"flag": 0.5}}}}""");

        Assert.Contains("head 'hate' has no label 'hateful', it has not_hate, hate", bundle.OpenFault(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../outside")]
    [InlineData("/etc/passwd")]
    [InlineData("a/../../outside")]
    [InlineData("a\\..\\outside")]
    [InlineData("C:outside")]
    [InlineData("./model.onnx")]
    [InlineData("")]
    public void Open_ShouldRefuse_WhenAFileNameLeavesTheFolder(string name)
    {
        using var bundle = TestBundle.TinyBert();
        bundle.Edit(json => json["files"]![0]!["name"] = name);

        Assert.Contains(
            $"file name '{name}' must be relative, inside the folder, with forward slashes", bundle.OpenFault(), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_ShouldRefuse_WhenAVariantUsesAFileWithoutDigest()
    {
        using var bundle = TestBundle.TinyBert();
        bundle.Edit(json => json["files"]!.AsArray().Remove(json["files"]!.AsArray().Single(file => (string?)file!["name"] == "model.onnx")));

        Assert.Contains("variant 'cpu' uses 'model.onnx', which is not among its files", bundle.OpenFault(), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_ShouldNameAllFaultsOfTheManifestAtOnce()
    {
        using var bundle = TestBundle.TinyBert();
        bundle.Edit(json =>
        {
            json["version"] = "";
            json["max_tokens"] = 513;
            json["encoder"]!["layers"] = 0;
            json["heads"]![0]!["labels"] = new JsonArray("only");
            json["heads"]![1]!["labels"] = new JsonArray("same", "same");
            json["heads"]![2]!["name"] = "fake";
            json["variants"]!["gpu"] = json["variants"]!["cpu"]!.DeepClone();
            json["variants"]!["cuda"] = json["variants"]!["cpu"]!.DeepClone();
            json["variants"]!["cuda"]!["precision"] = "int8";
            json["files"]![0]!["sha256"] = "ABC";
        });

        var message = bundle.OpenFault();

        Assert.Contains(
            "refused: version is empty; encoder.layers is 0 and must be at least 1; max_tokens is 513 and must lie between 3 and encoder.positions (512); "
            + "head 'fake' is there twice; head 'fake' has 1 labels and needs at least 2; head 'hate' has the label 'same' twice; "
            + "file 'model.onnx' needs its length in bytes and a SHA-256 of 64 lower-case hexadecimal digits; "
            + "variant 'gpu' is unknown; there are 'cpu' and 'cuda'; variant 'cuda' is int8, which serves on the CPU only. ",
            message,
            StringComparison.Ordinal);
    }
}
