using ModelTool.Graph;
using ModelTool.Import;
using ModelTool.Tests.Support;
using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Encode;

namespace ModelTool.Tests.Import;

public sealed class ImportCommandTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly TestCheckpoint _checkpoint;

    public ImportCommandTests() => _checkpoint = new TestCheckpoint(_folder);

    [Fact]
    public void Import_ShouldMakeABundleThatOpens()
    {
        _checkpoint.Write();
        File.WriteAllText(_checkpoint.PathOf("tokenizer_config.json"), """{"do_lower_case": false}""");

        var (code, output, error) = _checkpoint.Import("--head", "hate=softmax:not_hate, hate", "--max-tokens", "64", "--model-version", "3");

        Assert.Equal((0, ""), (code, error));
        var bundle = ModelBundle.Open(_checkpoint.Bundle);
        Assert.Equal($"{_checkpoint.Bundle}: bundle 3, sha256 {bundle.Sha256}, policy none{Environment.NewLine}", output);
        Assert.Equal(new EncoderManifest(2, 32, 4, 64, 8000, 512), bundle.Manifest.Encoder);
        Assert.Equal(64, bundle.Manifest.MaxTokens);
        Assert.False(bundle.Manifest.Tokenizer.LowerCase);
        Assert.Equal(["not_hate", "hate"], bundle.Manifest.Heads.Single().Labels);
        Assert.Equal(["README.md", "manifest.json", "model.fp32.onnx", "policy.json", "vocab.txt"], Files(_checkpoint.Bundle));
        Assert.Contains("2 layers, hidden size 32", File.ReadAllText(Path.Combine(_checkpoint.Bundle, "README.md")), StringComparison.Ordinal);
    }

    [Fact]
    public void Import_ShouldWriteSegmentsIntoTheManifest_WhenTheyAreGiven()
    {
        _checkpoint.Write();

        Assert.Equal(0, _checkpoint.Import("--head", "hate=softmax:not_hate,hate", "--max-tokens", "64", "--segments", "overlap=16,aggregate=max").ExitCode);

        Assert.Equal(new SegmentSettings { Overlap = 16, Most = 8, Aggregate = SegmentAggregate.Max }, ModelBundle.Open(_checkpoint.Bundle).Manifest.Segments);
    }

    [Theory]
    [InlineData("overlap=x", "--segments must be such as overlap=32,most=8,aggregate=mean (or max), and has 'overlap=x'.")]
    [InlineData("stride=8", "and has 'stride=8'.")]
    [InlineData("aggregate=median", "and has 'aggregate=median'.")]
    public void Import_ShouldRefuseSegments_ThatItCannotRead(string segments, string fault)
    {
        var (code, _, error) = _checkpoint.Import("--head", "hate=softmax:no,yes", "--segments", segments);

        Assert.Equal(1, code);
        Assert.Contains(fault, error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("hate=softmax:no,yes", "overlap=40", "segments.overlap is 40 and must lie between 0 and 31")]
    [InlineData("entities=token:O,B-PER,I-PER,B-LOC,I-LOC,B-ORG,I-ORG,B-MISC,I-MISC", "overlap=8", "head 'entities' gives nothing that they could have together")]
    public void Import_ShouldRefuseSegments_ThatCannotBe(string head, string segments, string fault)
    {
        _checkpoint.Write();

        Assert.Contains(fault, _checkpoint.Fault("--head", head, "--max-tokens", "64", "--segments", segments), StringComparison.Ordinal);
        Assert.False(Directory.Exists(_checkpoint.Bundle));
    }

    /// <summary>bert-base-uncased's sizes, all 109 million weights.</summary>
    [Fact]
    public void Import_ShouldMakeABundleAtFullSize()
    {
        var vocabulary = File.ReadAllLines(Repository.TinyBert("vocab.txt"));
        var file = new FileInfo(_folder.Write("vocab.txt", string.Join('\n', [.. vocabulary, .. Enumerable.Range(vocabulary.Length, 30_522 - vocabulary.Length).Select(i => $"[unused{i}]")])));
        var config = EncoderShapes.Read("bert-base", 30_522);
        Directory.CreateDirectory(_folder.PathOf("checkpoint"));
        CheckpointWriter.Write(_folder.PathOf("checkpoint"), config, [], file, null, new RandomWeights(config, [new HeadSpec("any", HeadKind.Softmax, ["a", "b"])], seed: 1).Tensors);

        Assert.Equal(0, _checkpoint.Import("--head", "vector=embedding:pooled").ExitCode);

        Assert.Equal(new EncoderManifest(12, 768, 12, 3072, 30_522, 512), ModelBundle.Open(_checkpoint.Bundle).Manifest.Encoder);
        Assert.Contains("109.5 million weights", File.ReadAllText(Path.Combine(_checkpoint.Bundle, "README.md")), StringComparison.Ordinal);
    }

    [Fact]
    public void Import_ShouldReplaceABundle_AndNothingElse()
    {
        _checkpoint.Write();
        _checkpoint.Import("--head", "hate=softmax:not_hate,hate");
        File.WriteAllText(Path.Combine(_checkpoint.Bundle, "left-over"), "");

        Assert.Equal(0, _checkpoint.Import("--head", "fake=softmax:no,yes").ExitCode);

        Assert.Equal("fake", ModelBundle.Open(_checkpoint.Bundle).Manifest.Heads.Single().Name);
        Assert.DoesNotContain("left-over", Files(_checkpoint.Bundle));
        File.Delete(Path.Combine(_checkpoint.Bundle, "manifest.json"));
        Assert.Contains("it has no manifest.json. Choose another folder", _checkpoint.Fault("--head", "fake=softmax:no,yes"), StringComparison.Ordinal);
        Assert.Equal(["bundle", "checkpoint"], Directory.GetDirectories(_folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Import_ShouldLeaveTheCheckpoint_WhenItIsNamedAsTheOutput()
    {
        _checkpoint.Write();
        var before = Files(_checkpoint.PathOf(""));

        Assert.Contains("it has no manifest.json", Tool.Fault("import", _checkpoint.PathOf(""), "--out", _checkpoint.PathOf(""), "--head", "hate=softmax:a,b"), StringComparison.Ordinal);

        Assert.Equal(before, Files(_checkpoint.PathOf("")));
    }

    [Fact]
    public void Import_ShouldAskForFolders_WhenTheirNamesAreEmpty()
    {
        _checkpoint.Write();

        Assert.Equal("--out must name a folder.", Tool.Fault("import", _checkpoint.PathOf(""), "--out", "", "--head", "hate=softmax:a,b"));
        Assert.StartsWith("The checkpoint has no name: ", Tool.Fault("import", "", "--out", _checkpoint.Bundle), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[CLS]", "[CL5]", "no line [CLS]; this is no BERT vocabulary, or it is cut off: give the vocabulary that the encoder was trained with.")]
    [InlineData("\n", "", "no line [CLS]")]
    public void Import_ShouldRefuseWhatIsNoVocabulary(string old, string changed, string said)
    {
        _checkpoint.Write();
        File.WriteAllText(_checkpoint.PathOf("vocab.txt"), File.ReadAllText(_checkpoint.PathOf("vocab.txt")).Replace(old, changed, StringComparison.Ordinal));

        Assert.Contains(said, _checkpoint.Fault("--head", "hate=softmax:a,b"), StringComparison.Ordinal);
    }

    [Fact]
    public void Import_ShouldLeaveTheOldBundle_WhenTheNewOneIsRefused()
    {
        _checkpoint.Write();
        _checkpoint.Import("--head", "hate=softmax:not_hate,hate");

        var policy = _folder.Write("policy.json", """{"version": "1", "heads": {"hate": {}}}""");
        Assert.Contains("hate", _checkpoint.Fault("--head", "fake=softmax:no,yes", "--policy", policy), StringComparison.Ordinal);

        Assert.Equal("hate", ModelBundle.Open(_checkpoint.Bundle).Manifest.Heads.Single().Name);
        Assert.Equal(["bundle", "checkpoint"], Directory.GetDirectories(_folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Import_ShouldSayWhichHeadsTheWorkerDoesNotServe()
    {
        _checkpoint.Write();

        Assert.Contains("not for the worker, which serves softmax and sigmoid heads of single texts only: 'answer'", _checkpoint.Import("--head", "answer=span:start,end").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Import_ShouldRefuseWhatDoesNotFitTheEncoder()
    {
        _checkpoint.Write();
        File.AppendAllLines(_checkpoint.PathOf("vocab.txt"), ["one-too-many"]);

        Assert.EndsWith(
            "vocab.txt has 8001 entries and the encoder 8000 (vocab_size): give the vocabulary it was trained with.", _checkpoint.Fault("--head", "hate=softmax:a,b"), StringComparison.Ordinal);
        Assert.Equal(
            "--max-tokens 600 must lie between 3 and the encoder's positions, 512.",
            _checkpoint.Fault("--head", "hate=softmax:a,b", "--vocab", Repository.TinyBert("vocab.txt"), "--max-tokens", "600"));
        Assert.False(Directory.Exists(_checkpoint.Bundle));
    }

    [Theory]
    [InlineData("hate", "must be NAME=KIND:LABEL,LABEL")]
    [InlineData("hate=3", "must be NAME=KIND:LABEL,LABEL")]
    [InlineData("hate=softmax", "--head: head 'hate' has 0 labels and needs at least 2")]
    [InlineData("hate=span:a,b,c", "needs two labels, for start and end")]
    [InlineData("input_ids=softmax:a,b", "cannot have that name")]
    [InlineData("heads/Tanh=softmax:a,b", "cannot have that name")]
    [InlineData("e=embedding:max", "an embedding's pooling is mean, cls or pooled")]
    [InlineData("e=embedding:mean,cls", "an embedding's pooling is mean, cls or pooled")]
    public void Import_ShouldRefuseHeadsThatMakeNoSense(string head, string said)
    {
        _checkpoint.Write();

        Assert.Contains(said, _checkpoint.Fault("--head", head), StringComparison.Ordinal);
    }

    [Fact]
    public void Import_ShouldAskForHeads_WhenThereAreNone()
    {
        _checkpoint.Write();

        Assert.StartsWith("A model needs heads: ", _checkpoint.Fault(), StringComparison.Ordinal);
        Assert.Equal("Give --heads or --head, not both.", _checkpoint.Fault("--head", "hate=softmax:a,b", "--heads", Repository.TinyBert("heads.json")));
    }

    [Theory]
    [InlineData("{\"e\": {\"kind\": \"embedding\", \"pooling\": \"max\"}}", "an embedding's pooling is mean, cls or pooled")]
    [InlineData("{\"e\": {\"kind\": \"embedding\", \"normalise\": 1}}", "'normalise' must be true or false")]
    [InlineData("{\"e\": {\"kind\": \"softmax\", \"labels\": [\"a\", \"b\"], \"normalise\": true}}", "has a member 'normalise', and can have kind, labels")]
    [InlineData("{\"e\": {\"kind\": \"softmax\", \"labels\": [\"a\", \"b\"]}, \"e\": {\"kind\": \"softmax\", \"labels\": [\"a\", \"b\"]}}", "head 'e' is there twice")]
    public void Import_ShouldRefuseHeadsInAFileThatMakeNoSense(string heads, string said)
    {
        _checkpoint.Write();

        Assert.Contains(said, _checkpoint.Fault("--heads", _folder.Write("heads.json", heads)), StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private static string[] Files(string folder) => [.. Directory.GetFiles(folder).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)];
}
