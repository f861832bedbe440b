using ModelTool.Import;
using ModelTool.Tests.Support;
using StreamScorer.Shared.Bundle;

namespace ModelTool.Tests.Import;

public sealed class InitCommandTests : IDisposable
{
    private readonly TestFolder _folder = new();

    private string Bundle => _folder.PathOf("bundle");

    [Fact]
    public void Init_ShouldMakeABundle_AndTheSameModelAsACheckpoint()
    {
        var rows = GoldenRow.TinyBert("forward.jsonl")[..4];
        Init("--shape", "2x32x4x64", "--checkpoint", _folder.PathOf("checkpoint"));
        var random = GraphRun.Run(Path.Combine(Bundle, "model.fp32.onnx"), rows, 2);

        var (code, _, error) = Tool.Run("import", _folder.PathOf("checkpoint"), "--out", _folder.PathOf("again"));

        Assert.Equal((0, ""), (code, error));
        Assert.Equal(new EncoderManifest(2, 32, 4, 64, 8000, 512), ModelBundle.Open(Bundle).Manifest.Encoder);
        Assert.Equal(random.Select(row => row["hate"]), GraphRun.Run(_folder.PathOf("again/model.fp32.onnx"), rows, 2).Select(row => row["hate"]));
        Assert.NotEqual(random[0]["hate"], random[1]["hate"]);
    }

    [Fact]
    public void Init_ShouldDrawAsBertIsInitialised()
    {
        Init("--shape", "1x64x1x64", "--checkpoint", _folder.PathOf("checkpoint"));
        using var file = SafetensorsFile.Open(_folder.PathOf("checkpoint/model.safetensors"));

        var words = file.Floats("embeddings.word_embeddings.weight");
        Assert.Equal(0, words.Average(), 1e-4);
        Assert.Equal(0.02, Math.Sqrt(words.Average(value => value * value)), 1e-4);
        Assert.All(file.Floats("encoder.layer.0.output.LayerNorm.weight"), value => Assert.Equal(1f, value));
        Assert.All(file.Floats("pooler.dense.bias"), value => Assert.Equal(0f, value));
        Assert.NotEqual(file.Floats("encoder.layer.0.output.dense.weight"), file.Floats("encoder.layer.0.intermediate.dense.weight"));
    }

    [Fact]
    public void Init_ShouldGiveOtherWeights_WhenTheSeedDiffers()
    {
        string Sha(params string[] arguments)
        {
            Init(["--shape", "1x8x1x8", .. arguments]);
            return ModelBundle.Open(Bundle).Manifest.Files.Single(file => file.Name == "model.fp32.onnx").Sha256;
        }

        var first = Sha();
        Assert.Equal(first, Sha("--seed", "1"));
        Assert.NotEqual(first, Sha("--seed", "2"));
    }

    [Theory]
    [InlineData("bert-huge")]
    [InlineData("2x30x4x64")]
    [InlineData("2x32x4")]
    [InlineData("0x32x4x64")]
    public void Init_ShouldRefuseAShapeItDoesNotKnow(string shape) =>
        Assert.StartsWith(
            $"--shape {shape} must be one of bert-tiny, ",
            Tool.Fault("init", "--shape", shape, "--vocab", Repository.TinyBert("vocab.txt"), "--out", Bundle),
            StringComparison.Ordinal);

    [Fact]
    public void Init_ShouldRefuseASizeThatNoFileHolds() => Assert.Contains(
        "needs a tensor of 60000 by 60000", Tool.Fault("init", "--shape", "1x60000x1x9", "--vocab", Repository.TinyBert("vocab.txt"), "--head", "a=softmax:x,y", "--out", _folder.PathOf("b")), StringComparison.Ordinal);

    [Fact]
    public void Init_ShouldWriteNothing_WhenTheVocabularyIsNone()
    {
        var vocabulary = _folder.Write("vocab.txt", "");

        Assert.Contains("no line [CLS]", Tool.Fault("init", "--shape", "1x32x1x32", "--vocab", vocabulary, "--head", "a=softmax:x,y", "--out", _folder.PathOf("b"), "--checkpoint", _folder.PathOf("c")), StringComparison.Ordinal);
        Assert.Empty(Directory.GetDirectories(_folder.Path));
    }

    [Fact]
    public void Init_ShouldAskForTheVocabulary() =>
        Assert.StartsWith("Give the WordPiece vocabulary with --vocab", Tool.Fault("init", "--shape", "bert-tiny", "--out", Bundle), StringComparison.Ordinal);

    public void Dispose() => _folder.Dispose();

    private void Init(params string[] arguments)
    {
        var (code, _, error) = Tool.Run(["init", "--vocab", Repository.TinyBert("vocab.txt"), "--head", "hate=softmax:not_hate,hate", "--out", Bundle, .. arguments]);
        Assert.Equal((0, ""), (code, error));
    }
}
