using System.Text.Json.Nodes;
using ModelTool.Evaluate;
using ModelTool.Tests.Support;
using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Infer;

namespace ModelTool.Tests.Evaluate;

/// <summary>Heads that read two texts at once.</summary>
public sealed class PairTests : IDisposable
{
    private static readonly InferOptions Cpu = new() { Device = DeviceChoice.Cpu };

    private readonly TestFolder _folder = new();

    [Theory]
    [InlineData("packed")]
    [InlineData("padded")]
    public void ReadLogits_ShouldGiveTheReferenceValues_OfPairs(string layout)
    {
        var pairs = File.ReadLines(Repository.TinyBert("forward.jsonl")).Select(line => JsonNode.Parse(line)!).Where(line => line["a"] is not null).ToList();
        Assert.Equal(12, pairs.Count);
        var file = _folder.Write("pairs.csv", "id,first,second\n" + string.Concat(pairs.Select((pair, i) => $"p{i},{Quote(pair["a"]!)},{Quote(pair["b"]!)}\n")));
        using var scores = BundleScores.Open(Bundle(pair: true, layout), Cpu, progress: null);

        var rows = scores.ReadLogits(file, new LabelledColumns { Text = "first", Pair = "second" }).ToList();

        Assert.All(pairs.Zip(rows), row => Assert.All(
            GoldenRow.Flat(System.Text.Json.JsonSerializer.SerializeToElement(row.First["logits"]!["topic"])).Zip(row.Second.Logits!),
            logit => Assert.Equal(logit.First, logit.Second, 1e-4f)));
    }

    [Fact]
    public void ReadLogits_ShouldRejectARow_WhenEitherTextIsEmpty()
    {
        var file = _folder.Write("pairs.csv", "id,first,second\na,one,\nb, ,two\nc,one,two\n");
        using var scores = BundleScores.Open(Bundle(pair: true), Cpu, progress: null);

        Assert.Equal([false, false, true], scores.ReadLogits(file, new LabelledColumns { Text = "first", Pair = "second" }).Select(row => row.Logits is not null));
    }

    [Fact]
    public void Evaluate_ShouldAskForTheSecondText_WhenAHeadReadsPairs() =>
        Assert.EndsWith("reads two texts: name the column of the second with --pair-column.", Evaluate(Bundle(pair: true)), StringComparison.Ordinal);

    [Fact]
    public void Evaluate_ShouldRefuseASecondText_WhenNoHeadReadsPairs() =>
        Assert.StartsWith("--pair-column second: no head of ", Evaluate(Bundle(pair: false), "--pair-column", "second"), StringComparison.Ordinal);

    [Fact]
    public void Evaluate_ShouldNameTheColumn_WhenTheSecondTextIsNotThere() =>
        Assert.Contains("needs a header line with a column 'third', what --pair-column names", Evaluate(Bundle(pair: true), "--pair-column", "third"), StringComparison.Ordinal);

    [Fact]
    public void Import_ShouldSayThatTheWorkerDoesNotServePairs()
    {
        var (_, output, _) = Tool.Run("import", Repository.TinyBert("model.safetensors"), "--out", _folder.PathOf("bundle"), "--heads", Heads(pair: true));

        Assert.Contains("heads of single texts only: 'topic'", output, StringComparison.Ordinal);
        Assert.True(ModelBundle.Open(_folder.PathOf("bundle")).Manifest.Heads[0].Pair);
    }

    public void Dispose() => _folder.Dispose();

    private static string Quote(JsonNode text) => $"\"{((string)text!).Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private string Evaluate(string bundle, params string[] options) =>
        Tool.Fault(["evaluate", _folder.Write("rows.csv", "id,text,second,topic\na,one,two,a\n"), "--bundle", bundle, .. options]);

    private string Heads(bool pair) => _folder.Write(
        "heads.json", """{"topic": {"kind": "softmax", "labels": ["a", "b", "c", "d", "e"], "pair": """ + (pair ? "true" : "false") + "}}");

    private string Bundle(bool pair, string layout = "packed")
    {
        var bundle = _folder.PathOf("bundle");
        var (code, _, error) = Tool.Run(
            "import", Repository.TinyBert("model.safetensors"), "--out", bundle, "--heads", Heads(pair), "--layout", layout, "--max-tokens", "64");
        Assert.Equal((0, ""), (code, error));
        return bundle;
    }
}
