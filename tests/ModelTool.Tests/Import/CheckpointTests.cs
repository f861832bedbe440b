using ModelTool.Tests.Support;

namespace ModelTool.Tests.Import;

/// <summary>Checkpoints as they come, by the command that reads them.</summary>
public sealed class CheckpointTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly TestCheckpoint _checkpoint;

    public CheckpointTests() => _checkpoint = new TestCheckpoint(_folder);

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
        _checkpoint.Write(changes);

        var fault = _checkpoint.Fault("--head", "hate=softmax:a,b");

        Assert.Contains("config.json describes no BERT that can be imported: ", fault, StringComparison.Ordinal);
        Assert.Contains(said, fault, StringComparison.Ordinal);
    }

    [Fact]
    public void Import_ShouldTakeAnOldConfigurationByItsArchitecture()
    {
        _checkpoint.Write("{\"model_type\": null}");

        Assert.Equal(0, _checkpoint.Import("--head", "hate=softmax:a,b").ExitCode);
    }

    [Fact]
    public void Import_ShouldNameTensorsThatAreMissingOrMisshapen()
    {
        _checkpoint.Write("{\"num_hidden_layers\": 3, \"vocab_size\": 7999}");

        var fault = _checkpoint.Fault("--head", "hate=softmax:a,b,c", "--head", "new=softmax:a,b");

        Assert.Contains("tensor 'bert.embeddings.word_embeddings.weight' has shape [8000, 32] and must have [7999, 32]", fault, StringComparison.Ordinal);
        Assert.Contains("tensor 'bert.encoder.layer.2.attention.self.query.weight' is missing", fault, StringComparison.Ordinal);
        Assert.Contains("; and 17 more.", fault, StringComparison.Ordinal);
        _checkpoint.Write();
        Assert.EndsWith(
            "tensor 'heads.hate.weight' has shape [2, 32] and must have [3, 32]; tensor 'heads.hate.bias' has shape [2] and must have [3]; "
            + "tensor 'heads.new.weight' is missing; tensor 'heads.new.bias' is missing.",
            _checkpoint.Fault("--head", "hate=softmax:a,b,c", "--head", "new=softmax:a,b"),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Import_ShouldKnowTheNamesOfTheFirstCheckpoints_AndOfSingleHeads()
    {
        _checkpoint.Write();
        _checkpoint.Rewrite(name => name
            .Replace("LayerNorm.weight", "LayerNorm.gamma", StringComparison.Ordinal)
            .Replace("LayerNorm.bias", "LayerNorm.beta", StringComparison.Ordinal)
            .Replace("heads.answer", "qa_outputs", StringComparison.Ordinal)
            .Replace("heads.hate", "classifier", StringComparison.Ordinal));

        Assert.Equal(0, _checkpoint.Import("--head", "span=span:start,end").ExitCode);
        Assert.Equal(0, _checkpoint.Import("--head", "any=softmax:a,b", "--head", "vector=embedding:cls").ExitCode);
        GraphRun.AssertParity(
            Path.Combine(_checkpoint.Bundle, "model.fp32.onnx"),
            [.. GoldenRow.TinyBert("forward.jsonl").Select(row => row with { Values = new Dictionary<string, float[]> { ["any"] = row.Values["hate"], ["vector"] = row.Values["cls"] } })],
            1e-5f);
    }

    [Fact]
    public void Import_ShouldNameTheTensor_WhenItIsSpoiled()
    {
        _checkpoint.Write();
        _checkpoint.Rewrite(name => name, (name, data) => data[3] = name == "bert.pooler.dense.bias" ? float.NaN : data[3]);

        Assert.Contains("Tensor 'bert.pooler.dense.bias' in ", _checkpoint.Fault("--head", "hate=softmax:a,b"), StringComparison.Ordinal);
        Assert.False(Directory.Exists(_checkpoint.Bundle));
    }

    [Theory]
    [InlineData("model.safetensors", "There is no ")]
    [InlineData("vocab.txt", "has no vocab.txt")]
    [InlineData("config.json", "config.json: get it from where the checkpoint is from.")]
    public void Import_ShouldSayWhatIsMissing(string file, string said)
    {
        _checkpoint.Write();
        File.Delete(_checkpoint.PathOf(file));

        Assert.Contains(said, _checkpoint.Fault("--head", "hate=softmax:a,b"), StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();
}
