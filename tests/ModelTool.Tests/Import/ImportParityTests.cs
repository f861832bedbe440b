using System.Text.Json.Nodes;
using ModelTool.Tests.Support;
using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Group;
using StreamScorer.Shared.Infer;

namespace ModelTool.Tests.Import;

/// <summary>What imported bundles compute, against the reference implementation.</summary>
public sealed class ImportParityTests : IDisposable
{
    private readonly TestFolder _folder = new();

    private string Bundle => _folder.PathOf("bundle");

    private string Graph => Path.Combine(Bundle, "model.fp32.onnx");

    [Theory]
    [InlineData("model.safetensors", "padded")]
    [InlineData("model.safetensors", "packed")]
    [InlineData("model.f16.safetensors", "packed")]
    public void Import_ShouldGiveTheReferenceValues_OfAllHeadKinds(string weights, string layout)
    {
        var rows = GoldenRow.TinyBert("forward.jsonl");
        Assert.Equal(70, rows.Count);
        var heads = JsonNode.Parse(File.ReadAllText(Repository.TinyBert("heads.json")))!.AsObject();
        heads["pooled"] = new JsonObject { ["kind"] = "embedding", ["pooling"] = "pooled" };
        heads["cls"] = new JsonObject { ["kind"] = "embedding", ["pooling"] = "cls", ["normalise"] = false };
        heads["mean_normalised"] = new JsonObject { ["kind"] = "embedding", ["pooling"] = "mean", ["normalise"] = true };

        Import(Repository.TinyBert(weights), "--layout", layout, "--heads", _folder.Write("heads.json", heads.ToJsonString()));

        Assert.Equal(10, GraphRun.Run(Graph, rows[..1], 1)[0].Count);
        GraphRun.AssertParity(Graph, rows, 1e-5f);
    }

    [Fact]
    public void Import_ShouldGiveTheReferenceValues_WhenTheWeightsAreBrainFloatsWithoutPrefix()
    {
        Import(
            Repository.TinyBert("model.bf16.noprefix.safetensors"),
            "--head", "fake=softmax:a,b", "--head", "hate=softmax:a,b", "--head", "sentiment=softmax:a,b",
            "--head", "pooled=embedding:pooled", "--head", "cls=embedding:cls", "--head", "mean_normalised=embedding:mean,normalise");

        GraphRun.AssertParity(Graph, GoldenRow.TinyBert("forward.bf16.jsonl"), 1e-5f);
    }

    [Theory]
    [InlineData("padded")]
    [InlineData("packed")]
    public void Import_ShouldGiveTheReferenceValues_WhenTheLastLayerComputesClsOnly(string layout)
    {
        Import(Repository.TinyBert("model.safetensors"), "--head", "hate=softmax:not_hate,hate", "--head", "toxicity=sigmoid:a,b,c,d,e,f", "--head", "cls=embedding:cls", "--layout", layout);

        GraphRun.AssertParity(Graph, GoldenRow.TinyBert("forward.jsonl"), 1e-5f);
    }

    [Theory]
    [InlineData("padded")]
    [InlineData("packed")]
    public void Import_ShouldMakeABundleThatTheWorkerServes(string layout)
    {
        var rows = GoldenRow.TinyBert("forward.jsonl").Where(row => row.Segments.All(segment => segment == 0)).ToList();
        Import(Repository.TinyBert("model.safetensors"), "--head", "topic=softmax:a,b,c,d,e", "--head", "hate=softmax:not_hate,hate", "--layout", layout);
        using var scorer = OnnxScorer.Open(ModelBundle.Open(Bundle), new InferOptions { Device = DeviceChoice.Cpu });

        Assert.Equal(layout == "padded", scorer.Pads);
        var grouping = Grouper.Cut([.. rows.Select(row => (ReadOnlyMemory<int>)row.Ids.Select(id => (int)id).ToArray())], new GroupOptions());
        var logits = new float[grouping.Rows * scorer.LogitCount];
        foreach (var batch in grouping.Batches)
        {
            scorer.Score(batch, logits.AsSpan(batch.FirstRow * scorer.LogitCount));
        }

        for (var i = 0; i < rows.Count; i++)
        {
            float[] expected = [.. rows[i].Values["topic"], .. rows[i].Values["hate"]];
            Assert.All(expected.Zip(logits.Skip(grouping.RowOf(i) * 7)), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
        }
    }

    [Theory]
    [InlineData("padded")]
    [InlineData("packed")]
    public void Import_ShouldGiveTheReferenceEmbeddings_OfTheBaseModel(string layout)
    {
        var rows = GoldenRow.Read(Repository.Reference("golden", "embeddings.jsonl"), (json, values) =>
        {
            values["cls"] = GoldenRow.Flat(json.GetProperty("cls"));
            values["mean_normalised"] = GoldenRow.Flat(json.GetProperty("mean_normalised"));
        });

        Import(Repository.Reference("base-model"), "--head", "cls=embedding:cls", "--head", "mean_normalised=embedding:mean,normalise", "--layout", layout);

        GraphRun.AssertParity(Graph, rows, 1e-4f);
    }

    [Theory]
    [InlineData("padded")]
    [InlineData("packed")]
    public void Import_ShouldGiveTheReferenceLogits_OfTheReferenceModel(string layout)
    {
        Import(Repository.Reference("model"), "--layout", layout); // its own heads.json

        GraphRun.AssertParity(Graph, [.. GoldenRow.Moderation().OrderBy(row => row.Ids.Length)], 1e-4f, batch: 32);
    }

    public void Dispose() => _folder.Dispose();

    private void Import(params string[] arguments)
    {
        var (code, _, error) = Tool.Run(["import", .. arguments, "--out", Bundle]);
        Assert.Equal((0, ""), (code, error));
    }
}
