using ModelTool.Tests.Support;
using StreamScorer.Shared.Bundle;

namespace ModelTool.Tests.Quantize;

/// <summary>quantize from the bundle that import made, instead of from the checkpoint.</summary>
public sealed class BundleWeightsTests : IDisposable
{
    private const string Policy = """{"version": "mine", "heads": {}}""";

    private readonly TestFolder _folder = new();

    private string Fp32 => _folder.PathOf("fp32");

    private string Int8 => _folder.PathOf("int8");

    /// <summary>All kinds of heads with weights; the whole encoder in fp32, so that every weight must be where it belongs.</summary>
    [Theory]
    [InlineData("packed")]
    [InlineData("padded")]
    public void Quantize_ShouldFindEveryWeight_InABundle(string layout)
    {
        Import("--layout", layout);

        Run("quantize", Fp32, "--out", Int8, "--keep-fp32", "embeddings,layer.0,layer.1");

        GraphRun.AssertParity(Path.Combine(Int8, "model.int8.onnx"), GoldenRow.TinyBert("forward.jsonl"), 1e-5f);
    }

    [Fact]
    public void Quantize_ShouldTakeTheRestFromTheBundleToo()
    {
        Import("--policy", _folder.Write("policy.json", Policy), "--name", "mine", "--model-version", "3", "--max-tokens", "77", "--layout", "padded");

        Run("quantize", Fp32, "--out", Int8);

        var (before, after) = (ModelBundle.Open(Fp32), ModelBundle.Open(Int8));
        Assert.Equal(
            ("mine", "3", 77, before.Manifest.Tokenizer, "mine", GraphLayout.Padded),
            (after.Manifest.Name, after.Manifest.Version, after.Manifest.MaxTokens, after.Manifest.Tokenizer, after.Policy.Version, after.Manifest.Variants["cpu"].Layout));
        Assert.Equal(File.ReadAllText(Path.Combine(Fp32, "README.md")), File.ReadAllText(Path.Combine(Int8, "README.md")));
    }

    [Fact]
    public void Quantize_ShouldRefuse_WhenTheBundleIsRoundedAlready()
    {
        Import();
        Run("quantize", Fp32, "--out", Int8);

        AssertInstead("has no fp32 graph for the CPU", Tool.Fault("quantize", Int8, "--out", _folder.PathOf("again")));
    }

    [Fact]
    public void Quantize_ShouldRefuse_WhenTheGraphIsAnothers()
    {
        var bundle = TinyBundle.Make(_folder, Policy);

        AssertInstead("model.padded.onnx is no graph that 'import' emitted", Tool.Fault("quantize", bundle, "--out", Int8));
    }

    [Fact]
    public void Quantize_ShouldRefuse_WhenTheBundleDoesNotSayHowItsVectorIsMade()
    {
        Run("import", Repository.TinyBert("model.safetensors"), "--out", Fp32, "--head", "vector=embedding:cls");

        AssertInstead("does not say how its head 'vector' makes a vector", Tool.Fault("quantize", Fp32, "--out", Int8));
    }

    [Fact]
    public void Quantize_ShouldRefuse_WhenToldWhatTheBundleHasSettled()
    {
        Import();

        Assert.Contains("--vocab is for checkpoints", Tool.Fault("quantize", Fp32, "--out", Int8, "--vocab", Repository.TinyBert("vocab.txt")), StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private void Import(params string[] arguments) =>
        Run(["import", Repository.TinyBert("model.safetensors"), "--out", Fp32, "--heads", Repository.TinyBert("heads.json"), .. arguments]);

    private static void Run(params string[] arguments)
    {
        var (code, _, error) = Tool.Run(arguments);
        Assert.Equal((0, ""), (code, error));
    }

    private static void AssertInstead(string expected, string fault)
    {
        Assert.Contains(expected, fault, StringComparison.Ordinal);
        Assert.Contains("give the checkpoint it was made from", fault, StringComparison.Ordinal);
    }
}
