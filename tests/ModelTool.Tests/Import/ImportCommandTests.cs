using System.Text.Json.Nodes;
using ModelTool.Graph;
using ModelTool.Import;
using ModelTool.Tests.Support;
using StreamScorer.Shared.Bundle;

namespace ModelTool.Tests.Import;

public sealed class ImportCommandTests : IDisposable
{
    private readonly TestFolder _folder = new();

    private string Bundle => _folder.PathOf("bundle");

    [Fact]
    public void Import_ShouldMakeABundleThatOpens()
    {
        Checkpoint();
        File.WriteAllText(InCheckpoint("tokenizer_config.json"), """{"do_lower_case": false}""");

        var (code, output, error) = Import("--head", "hate=softmax:not_hate, hate", "--max-tokens", "64", "--model-version", "3");

        Assert.Equal((0, ""), (code, error));
        var bundle = ModelBundle.Open(Bundle);
        Assert.Equal($"{Bundle}: bundle 3, sha256 {bundle.Sha256}, policy none{Environment.NewLine}", output);
        Assert.Equal(new EncoderManifest(2, 32, 4, 64, 8000, 512), bundle.Manifest.Encoder);
        Assert.Equal(64, bundle.Manifest.MaxTokens);
        Assert.False(bundle.Manifest.Tokenizer.LowerCase);
        Assert.Equal(["not_hate", "hate"], bundle.Manifest.Heads.Single().Labels);
        Assert.Equal(["README.md", "manifest.json", "model.fp32.onnx", "policy.json", "vocab.txt"], Files(Bundle));
        Assert.Contains("2 layers, hidden size 32", File.ReadAllText(Path.Combine(Bundle, "README.md")), StringComparison.Ordinal);
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

        Assert.Equal(0, Import("--head", "vector=embedding:pooled").ExitCode);

        Assert.Equal(new EncoderManifest(12, 768, 12, 3072, 30_522, 512), ModelBundle.Open(Bundle).Manifest.Encoder);
        Assert.Contains("109.5 million weights", File.ReadAllText(Path.Combine(Bundle, "README.md")), StringComparison.Ordinal);
    }

    [Fact]
    public void Import_ShouldReplaceABundle_AndNothingElse()
    {
        Checkpoint();
        Import("--head", "hate=softmax:not_hate,hate");
        File.WriteAllText(Path.Combine(Bundle, "left-over"), "");

        Assert.Equal(0, Import("--head", "fake=softmax:no,yes").ExitCode);

        Assert.Equal("fake", ModelBundle.Open(Bundle).Manifest.Heads.Single().Name);
        Assert.DoesNotContain("left-over", Files(Bundle));
        File.Delete(Path.Combine(Bundle, "manifest.json"));
        Assert.Contains("choose another --out", Fault("--head", "fake=softmax:no,yes"), StringComparison.Ordinal);
        Assert.Equal(["bundle", "checkpoint"], Directory.GetDirectories(_folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Import_ShouldLeaveTheOldBundle_WhenTheNewOneIsRefused()
    {
        Checkpoint();
        Import("--head", "hate=softmax:not_hate,hate");

        var policy = _folder.Write("policy.json", """{"version": "1", "heads": {"hate": {}}}""");
        Assert.Contains("hate", Fault("--head", "fake=softmax:no,yes", "--policy", policy), StringComparison.Ordinal);

        Assert.Equal("hate", ModelBundle.Open(Bundle).Manifest.Heads.Single().Name);
        Assert.Equal(["bundle", "checkpoint"], Directory.GetDirectories(_folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Import_ShouldSayWhichHeadsTheWorkerDoesNotServe()
    {
        Checkpoint();

        Assert.Contains("not for the worker, which serves softmax and sigmoid heads only: 'answer'", Import("--head", "answer=span:start,end").Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"model_type\": \"roberta\"}", "model_type is 'roberta' and must be 'bert'")]
    [InlineData("{\"model_type\": null, \"architectures\": [\"GPT2Model\"]}", "it has no model_type")]
    [InlineData("{\"hidden_act\": \"relu\"}", "hidden_act is 'relu' and must be 'gelu'")]
    [InlineData("{\"position_embedding_type\": \"relative_key\"}", "position_embedding_type is 'relative_key' and must be 'absolute'")]
    [InlineData("{\"is_decoder\": true}", "is_decoder is true")]
    [InlineData("{\"num_attention_heads\": 5}", "hidden_size 32 is no multiple of num_attention_heads 5")]
    [InlineData("{\"num_hidden_layers\": 0}", "its sizes must lie between 1 and 16777216")]
    [InlineData("{\"layer_norm_eps\": \"small\"}", "layer_norm_eps must be a number")]
    [InlineData("{\"layer_norm_eps\": 0}", "layer_norm_eps must lie between 0 and 1")]
    public void Import_ShouldRefuseWhatIsNoBert(string changes, string said)
    {
        Checkpoint(changes);

        var fault = Fault("--head", "hate=softmax:a,b");

        Assert.Contains("config.json describes no BERT that can be imported: ", fault, StringComparison.Ordinal);
        Assert.Contains(said, fault, StringComparison.Ordinal);
    }

    [Fact]
    public void Import_ShouldTakeAnOldConfigurationByItsArchitecture()
    {
        Checkpoint("{\"model_type\": null}");

        Assert.Equal(0, Import("--head", "hate=softmax:a,b").ExitCode);
    }

    [Fact]
    public void Import_ShouldNameTensorsThatAreMissingOrMisshapen()
    {
        Checkpoint("{\"num_hidden_layers\": 3, \"vocab_size\": 7999}");

        var fault = Fault("--head", "hate=softmax:a,b,c", "--head", "new=softmax:a,b");

        Assert.Contains("tensor 'bert.embeddings.word_embeddings.weight' has shape [8000, 32] and must have [7999, 32]", fault, StringComparison.Ordinal);
        Assert.Contains("tensor 'bert.encoder.layer.2.attention.self.query.weight' is missing", fault, StringComparison.Ordinal);
        Assert.Contains("; and 17 more.", fault, StringComparison.Ordinal);
        Checkpoint();
        Assert.EndsWith(
            "tensor 'heads.hate.weight' has shape [2, 32] and must have [3, 32]; tensor 'heads.hate.bias' has shape [2] and must have [3]; "
            + "tensor 'heads.new.weight' is missing; tensor 'heads.new.bias' is missing.",
            Fault("--head", "hate=softmax:a,b,c", "--head", "new=softmax:a,b"),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Import_ShouldKnowTheNamesOfTheFirstCheckpoints_AndOfSingleHeads()
    {
        Checkpoint();
        Rewrite(name => name
            .Replace("LayerNorm.weight", "LayerNorm.gamma", StringComparison.Ordinal)
            .Replace("LayerNorm.bias", "LayerNorm.beta", StringComparison.Ordinal)
            .Replace("heads.answer", "qa_outputs", StringComparison.Ordinal)
            .Replace("heads.hate", "classifier", StringComparison.Ordinal));

        Assert.Equal(0, Import("--head", "span=span:start,end").ExitCode);
        Assert.Equal(0, Import("--head", "any=softmax:a,b", "--head", "vector=embedding:cls").ExitCode);
        GraphRun.AssertParity(
            Path.Combine(Bundle, "model.fp32.onnx"),
            [.. GoldenRow.TinyBert("forward.jsonl").Select(row => row with { Values = new Dictionary<string, float[]> { ["any"] = row.Values["hate"], ["vector"] = row.Values["cls"] } })],
            1e-5f);
    }

    [Fact]
    public void Import_ShouldNameTheTensor_WhenItIsSpoiled()
    {
        Checkpoint();
        Rewrite(name => name, (name, data) => data[3] = name == "bert.pooler.dense.bias" ? float.NaN : data[3]);

        Assert.Contains("Tensor 'bert.pooler.dense.bias' in ", Fault("--head", "hate=softmax:a,b"), StringComparison.Ordinal);
        Assert.False(Directory.Exists(Bundle));
    }

    [Theory]
    [InlineData("model.safetensors", "There is no ")]
    [InlineData("vocab.txt", "has no vocab.txt")]
    [InlineData("config.json", "config.json")]
    public void Import_ShouldSayWhatIsMissing(string file, string said)
    {
        Checkpoint();
        File.Delete(InCheckpoint(file));

        Assert.Contains(said, Fault("--head", "hate=softmax:a,b"), StringComparison.Ordinal);
    }

    [Fact]
    public void Import_ShouldRefuseWhatDoesNotFitTheEncoder()
    {
        Checkpoint();
        File.AppendAllLines(InCheckpoint("vocab.txt"), ["one-too-many"]);

        Assert.EndsWith(
            "vocab.txt has 8001 entries and the encoder 8000 (vocab_size): give the vocabulary it was trained with.", Fault("--head", "hate=softmax:a,b"), StringComparison.Ordinal);
        Assert.Equal(
            "--max-tokens 600 must lie between 3 and the encoder's positions, 512.",
            Fault("--head", "hate=softmax:a,b", "--vocab", Repository.TinyBert("vocab.txt"), "--max-tokens", "600"));
        Assert.False(Directory.Exists(Bundle));
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
        Checkpoint();

        Assert.Contains(said, Fault("--head", head), StringComparison.Ordinal);
    }

    [Fact]
    public void Import_ShouldAskForHeads_WhenThereAreNone()
    {
        Checkpoint();

        Assert.StartsWith("A model needs heads: ", Fault(), StringComparison.Ordinal);
        Assert.Equal("Give --heads or --head, not both.", Fault("--head", "hate=softmax:a,b", "--heads", Repository.TinyBert("heads.json")));
    }

    [Theory]
    [InlineData("{\"e\": {\"kind\": \"embedding\", \"pooling\": \"max\"}}", "an embedding's pooling is mean, cls or pooled")]
    [InlineData("{\"e\": {\"kind\": \"embedding\", \"normalise\": 1}}", "'normalise' must be true or false")]
    [InlineData("{\"e\": {\"kind\": \"softmax\", \"labels\": [\"a\", \"b\"], \"normalise\": true}}", "has a member 'normalise', and can have kind, labels")]
    [InlineData("{\"e\": {\"kind\": \"softmax\", \"labels\": [\"a\", \"b\"]}, \"e\": {\"kind\": \"softmax\", \"labels\": [\"a\", \"b\"]}}", "head 'e' is there twice")]
    public void Import_ShouldRefuseHeadsInAFileThatMakeNoSense(string heads, string said)
    {
        Checkpoint();

        Assert.Contains(said, Fault("--heads", _folder.Write("heads.json", heads)), StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private string InCheckpoint(string name) => Path.Combine(_folder.PathOf("checkpoint"), name);

    private (int ExitCode, string Output, string Error) Import(params string[] arguments) => Tool.Run(["import", _folder.PathOf("checkpoint"), "--out", Bundle, .. arguments]);

    private string Fault(params string[] arguments) => Tool.Fault(["import", _folder.PathOf("checkpoint"), "--out", Bundle, .. arguments]);

    /// <summary>The fixture model without its heads.json; members of its config.json changed, or removed where they are null.</summary>
    private void Checkpoint(string changes = "{}")
    {
        Directory.CreateDirectory(_folder.PathOf("checkpoint"));
        foreach (var name in (string[])["model.safetensors", "vocab.txt"])
        {
            File.Copy(Repository.TinyBert(name), InCheckpoint(name), overwrite: true);
        }

        var config = JsonNode.Parse(File.ReadAllText(Repository.TinyBert("config.json")))!.AsObject();
        foreach (var (name, value) in JsonNode.Parse(changes)!.AsObject())
        {
            config.Remove(name);
            if (value is not null)
            {
                config[name] = value.DeepClone();
            }
        }

        File.WriteAllText(InCheckpoint("config.json"), config.ToJsonString());
    }

    private void Rewrite(Func<string, string> rename, Action<string, float[]>? change = null)
    {
        var tensors = new List<NamedTensor>();
        using (var file = SafetensorsFile.Open(InCheckpoint("model.safetensors")))
        {
            foreach (var (name, tensor) in file.Tensors)
            {
                var data = file.Floats(name);
                if (data.Length > 3)
                {
                    change?.Invoke(name, data);
                }

                tensors.Add(new NamedTensor(rename(name), tensor.Shape, () => data));
            }
        }

        SafetensorsWriter.Write(InCheckpoint("model.safetensors"), tensors);
    }

    private static string[] Files(string folder) => [.. Directory.GetFiles(folder).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)];
}
