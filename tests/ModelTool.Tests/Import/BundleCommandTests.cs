using ModelTool.Tests.Support;
using StreamScorer.Shared.Bundle;

namespace ModelTool.Tests.Import;

public sealed class BundleCommandTests : IDisposable
{
    private const string Heads = """
        {"fake": {"kind": "softmax", "labels": ["not_fake", "fake"]},
         "hate": {"kind": "softmax", "labels": ["not_hate", "hate"]},
         "sentiment": {"kind": "softmax", "labels": ["negative", "positive"]}}
        """;

    private readonly TestFolder _folder = new();

    private string Bundle => _folder.PathOf("bundle");

    [Fact]
    public void Bundle_ShouldMakeABundleThatOpens()
    {
        var (code, output, error) = Tool.Run(Arguments());

        Assert.Equal((0, ""), (code, error));
        var bundle = ModelBundle.Open(Bundle);
        Assert.Equal($"{Bundle}: tiny 7, sha256 {bundle.Sha256}, policy p1{Environment.NewLine}", output);
        var manifest = bundle.Manifest;
        Assert.Equal(new EncoderManifest(2, 32, 4, 64, 8000, 512), manifest.Encoder);
        Assert.Equal((false, null, true), (manifest.Tokenizer.LowerCase, manifest.Tokenizer.StripAccents, manifest.Tokenizer.SplitCjk));
        Assert.Equal(128, manifest.MaxTokens);
        Assert.Equal(["fake", "hate", "sentiment"], manifest.Heads.Select(head => head.Name));
        Assert.Equal(["vocab.txt", "model.padded.onnx"], manifest.Files.Select(file => file.Name));
        Assert.Equal(GraphPrecision.Fp32, manifest.Variants["cpu"].Precision);
        Assert.Equal("somewhere", manifest.Training!.Base);
        Assert.True(File.Exists(Path.Combine(Bundle, "README.md")));
    }

    [Fact]
    public void Bundle_ShouldKeepWhatItIsNotGiven_WhenTheBundleIsMadeAgain()
    {
        Tool.Run(Arguments());

        var (code, _, error) = Tool.Run(Arguments("--policy", "--card", "--about"));

        Assert.Equal((0, ""), (code, error));
        Assert.Equal("somewhere", ModelBundle.Open(Bundle).Manifest.Training!.Base);
    }

    [Fact]
    public void Bundle_ShouldCarryTheFilesThatHoldTheWeights()
    {
        var data = _folder.Write("weights.bin", "w");
        var arguments = Arguments().ToList();
        arguments.Insert(arguments.IndexOf("--cpu") + 2, data);

        var (code, _, error) = Tool.Run([.. arguments]);

        Assert.Equal((0, ""), (code, error));
        var manifest = ModelBundle.Open(Bundle).Manifest;
        Assert.Equal(["weights.bin"], manifest.Variants["cpu"].Data);
        Assert.Contains(manifest.Files, file => file.Name == "weights.bin" && file.Bytes == 1);
    }

    [Fact]
    public void Reseal_ShouldTakeTheDigestsAnew()
    {
        Tool.Run(Arguments());
        var vocabulary = Path.Combine(Bundle, "vocab.txt");
        var lines = File.ReadAllLines(vocabulary);
        lines[^1] = "changed-on-purpose";
        File.WriteAllLines(vocabulary, lines);
        Assert.Throws<BundleException>(() => ModelBundle.Open(Bundle));

        var (code, _, error) = Tool.Run("bundle", Bundle, "--reseal");

        Assert.Equal((0, ""), (code, error));
        Assert.Equal("tiny", ModelBundle.Open(Bundle).Manifest.Name);
    }

    [Fact]
    public void Reseal_ShouldLeaveTheManifest_WhenTheResultDoesNotOpen()
    {
        Tool.Run(Arguments());
        var manifest = Path.Combine(Bundle, "manifest.json");
        var before = File.ReadAllText(manifest);
        File.WriteAllText(Path.Combine(Bundle, "model.padded.onnx"), "no graph");

        Assert.Contains("does not load", Tool.Fault("bundle", Bundle, "--reseal"), StringComparison.Ordinal);

        Assert.Equal(before, File.ReadAllText(manifest));
    }

    [Fact]
    public void Reseal_ShouldRefuse_WhenThereIsNoBundle() =>
        Assert.Equal($"{Bundle} has no manifest.json: make the bundle first.", Tool.Fault("bundle", Bundle, "--reseal"));

    [Fact]
    public void Bundle_ShouldNameAllMissingOptionsAtOnce() =>
        Assert.Equal(
            "To make a bundle, give also --cpu or --cuda, --model-version, --vocab, --heads, --config; to seal an existing one, --reseal.",
            Tool.Fault("bundle", Bundle, "--name", "n"));

    [Fact]
    public void Bundle_ShouldAskForThePrecision() =>
        Assert.Contains("give also --cpu-precision;", Tool.Fault(Arguments("--cpu-precision")), StringComparison.Ordinal);

    [Fact]
    public void Bundle_ShouldRefuse_WhenTheHeadsDoNotFitTheGraph()
    {
        var arguments = Arguments();
        _folder.Write("heads.json", Heads.Replace("\"not_hate\", ", "\"not_hate\", \"perhaps\", ", StringComparison.Ordinal));

        Assert.Contains("head 'hate' has 3 labels", Tool.Fault(arguments), StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(Bundle, "manifest.json")));
    }

    [Theory]
    [InlineData("heads.json", "[]", "must hold one JSON object")]
    [InlineData("heads.json", "{", "is not valid JSON (line 1)")]
    [InlineData("heads.json", "{\"hate\": {}}", "needs a kind: softmax, sigmoid, token, span or embedding")]
    [InlineData("heads.json", "{\"hate\": 3}", "needs a kind")]
    [InlineData("heads.json", "{\"hate\": {\"kind\": \"softmax\", \"labels\": 3}}", "needs its labels as a list of names")]
    [InlineData("heads.json", "{\"hate\": {\"kind\": \"softmax\", \"labels\": [\"a\", [\"b\"]]}}", "has a label that is no text: [\"b\"]")]
    [InlineData("config.json", "{\"num_hidden_layers\": \"2\"}", "has no whole number 'num_hidden_layers'")]
    [InlineData("config.json", "{\"hidden_size\": 32}", "has no whole number 'num_hidden_layers'")]
    [InlineData("tokenizer_config.json", "{\"do_lower_case\": \"yes\"}", "'do_lower_case' in ")]
    [InlineData("about.json", "{\"metric\": {}}", "about.json is not valid: member 'metric' is unknown")]
    public void Bundle_ShouldSayInOneLine_WhatIsWrongInAFile(string name, string content, string said)
    {
        var arguments = Arguments();
        _folder.Write(name, content);

        Assert.Contains(said, Tool.Fault(arguments), StringComparison.Ordinal);
    }

    [Fact]
    public void Bundle_ShouldLeaveTheOldOne_WhenTheNewOneDoesNotOpen()
    {
        Tool.Run(Arguments());
        var before = ModelBundle.Open(Bundle).Sha256;
        var arguments = Arguments();
        _folder.Write("heads.json", Heads.Replace("\"not_hate\", ", "\"not_hate\", \"perhaps\", ", StringComparison.Ordinal));
        var vocabulary = File.ReadAllLines(Repository.TinyBert("vocab.txt"));
        arguments[Array.IndexOf(arguments, "--vocab") + 1] = _folder.Write("vocab.txt", string.Join('\n', [.. vocabulary[..^1], "another"]));

        Assert.Contains("head 'hate' has 3 labels", Tool.Fault(arguments), StringComparison.Ordinal);

        Assert.Equal(before, ModelBundle.Open(Bundle).Sha256); // which looks at every file
        Assert.Equal(["bundle"], Directory.GetDirectories(_folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void Bundle_ShouldLeaveOtherFilesAlone_WhenItIsMadeAgain()
    {
        Tool.Run(Arguments());
        File.WriteAllText(Path.Combine(Bundle, "notes.md"), "mine");

        Assert.Equal(0, Tool.Run(Arguments()).ExitCode);

        Assert.Equal("mine", File.ReadAllText(Path.Combine(Bundle, "notes.md")));
    }

    [Fact]
    public void Bundle_ShouldRefuse_WhenTheWorkerCouldNotReadTheVocabulary()
    {
        var arguments = Arguments();
        arguments[Array.IndexOf(arguments, "--vocab") + 1] =
            _folder.Write("vocab.txt", File.ReadAllText(Repository.TinyBert("vocab.txt")).Replace("[CLS]", "[CL5]", StringComparison.Ordinal));

        Assert.Contains("vocab.txt: no line [CLS]", Tool.Fault(arguments), StringComparison.Ordinal);
        Assert.False(Directory.Exists(Bundle));
    }

    [Fact]
    public void Bundle_ShouldRefuse_WhenAFileIsMissing()
    {
        var arguments = Arguments();
        File.Delete(_folder.PathOf("config.json"));

        Assert.Contains("config.json", Tool.Fault(arguments), StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>A whole command line, less the options named.</summary>
    private string[] Arguments(params string[] without)
    {
        (string Option, string Value)[] options =
        [
            ("--name", "tiny"),
            ("--model-version", "7"),
            ("--cpu", Repository.TinyBert("model.padded.onnx")),
            ("--cpu-precision", "fp32"),
            ("--vocab", Repository.TinyBert("vocab.txt")),
            ("--heads", _folder.Write("heads.json", Heads)),
            ("--config", Copy(Repository.TinyBert("config.json"))),
            ("--tokenizer-config", _folder.Write("tokenizer_config.json", """{"do_lower_case": false, "strip_accents": null, "unk_token": "[UNK]"}""")),
            ("--max-tokens", "128"),
            ("--policy", _folder.Write("policy.json", """{"version": "p1", "heads": {"hate": {"hate": {"flag": 0.9}}}}""")),
            ("--card", _folder.Write("card.md", "# Card\n")),
            ("--about", _folder.Write("about.json", """{"training": {"base": "somewhere", "recipe": "none", "sources": []}}""")),
        ];
        return ["bundle", Bundle, .. options.Where(option => !without.Contains(option.Option)).SelectMany(option => (string[])[option.Option, option.Value])];
    }

    private string Copy(string file) => _folder.Write(Path.GetFileName(file), File.ReadAllText(file));
}
