using ModelTool.Evaluate;
using ModelTool.Quantize;
using ModelTool.Tests.Support;
using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Infer;

namespace ModelTool.Tests.Quantize;

public sealed class QuantizeCommandTests : IDisposable
{
    private readonly TestFolder _folder = new();

    private string Bundle => _folder.PathOf("int8");

    private string Graph => Path.Combine(Bundle, "model.int8.onnx");

    /// <summary>All head kinds. Values are 0.75 in size on average; measured: 0.017 off on average, 0.097 at most.</summary>
    [Theory]
    [InlineData("packed")]
    [InlineData("padded")]
    public void Quantize_ShouldStayNearTheReferenceValues(string layout)
    {
        Quantize("--heads", Repository.TinyBert("heads.json"), "--layout", layout);

        var rows = GoldenRow.TinyBert("forward.jsonl");
        var changes = rows.Zip(GraphRun.Run(Graph, rows, 16))
            .SelectMany(pair => pair.Second.SelectMany(values => values.Value.Zip(pair.First.Values[values.Key], (actual, expected) => Math.Abs(actual - expected))))
            .ToList();
        Assert.InRange(changes.Average(), 0, 0.02f);
        Assert.InRange(changes.Max(), 0, 0.12f);
    }

    [Theory]
    [InlineData("packed")]
    [InlineData("padded")]
    public void Quantize_ShouldGiveTheSameScores_AloneAndInABatch(string layout)
    {
        Quantize("--heads", Repository.TinyBert("heads.json"), "--layout", layout);
        var rows = GoldenRow.TinyBert("forward.jsonl");

        foreach (var (alone, together) in GraphRun.Run(Graph, rows, 1).Zip(GraphRun.Run(Graph, rows, 32)))
        {
            foreach (var (name, values) in alone)
            {
                Assert.All(values.Zip(together[name]), pair => Assert.Equal(pair.First, pair.Second, 1e-4f));
            }
        }
    }

    [Fact]
    public void Quantize_ShouldNameThePrecision_AndBeSmaller()
    {
        Quantize("--head", "hate=softmax:not_hate,hate");
        Assert.Equal(0, Tool.Run("import", Repository.TinyBert("model.safetensors"), "--out", _folder.PathOf("fp32"), "--head", "hate=softmax:not_hate,hate").ExitCode);

        var variant = ModelBundle.Open(Bundle).Manifest.Variants["cpu"];
        Assert.Equal((GraphPrecision.Int8, GraphLayout.Packed), (variant.Precision, variant.Layout));
        Assert.InRange(new FileInfo(Graph).Length, 0, new FileInfo(Path.Combine(_folder.PathOf("fp32"), "model.fp32.onnx")).Length / 2);
    }

    [Fact]
    public void Quantize_ShouldSayWhatItMeasured_WhenTheBudgetHolds()
    {
        var output = Quantize("--head", "hate=softmax:not_hate,hate", "--data", Labelled(), "--budget", "100");

        Assert.Contains("hate: macro-F1 ", output, StringComparison.Ordinal);
        Assert.Contains("largest change of a probability 0.0", output, StringComparison.Ordinal);
        Assert.Equal(["int8"], Directory.GetDirectories(_folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void Check_ShouldRefuse_WhenAHeadLosesMoreThanItsBudget()
    {
        var losses = new List<HeadLoss> { new("fake", 10, 80, 79.9, 0.01, 1), new("hate", 10, 80, 79.6, 0.05, 3) };

        QualityGate.Check(losses, 0.5);
        var refusal = Assert.Throws<ToolException>(() => QualityGate.Check(losses, 0.3)).Message;

        Assert.Contains("hate: macro-F1 80.00 in fp32, 79.60 in int8", refusal, StringComparison.Ordinal);
        Assert.DoesNotContain("fake", refusal, StringComparison.Ordinal);
    }

    /// <summary>Every post is labelled with what fp32 chooses: the least difference is a loss.</summary>
    [Fact]
    public void Quantize_ShouldLeaveTheOldBundle_WhenTheGateRefuses()
    {
        string[] head = ["--head", "hate=softmax:not_hate,hate"];
        var fp32 = _folder.PathOf("fp32");
        Assert.Equal(0, Tool.Run(["import", Repository.TinyBert("model.safetensors"), "--out", fp32, .. head]).ExitCode);
        Quantize(head);
        var before = File.ReadAllText(Path.Combine(Bundle, "manifest.json"));

        var fault = Tool.Fault(["quantize", Repository.TinyBert("model.safetensors"), "--out", Bundle, "--model-version", "2", "--budget", "0", "--data", LabelledBy(fp32), .. head]);

        Assert.Contains("int8 loses more than --budget 0 points, so no bundle is written: hate: macro-F1 100.00 in fp32", fault, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllText(Path.Combine(Bundle, "manifest.json")));
        Assert.Equal(["fp32", "int8"], Directory.GetDirectories(_folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("--budget must be 0 or more", "--budget", "-1")]
    [InlineData("missing.csv", "--data", "missing.csv")]
    [InlineData("no labels for any head", "--data", "unlabelled.csv")]
    public void Quantize_ShouldRefuseInOneLine(string expected, string option, string value)
    {
        _folder.Write("unlabelled.csv", "id,text\n1,some words\n");
        var argument = option == "--data" ? _folder.PathOf(value) : value;

        var fault = Tool.Fault("quantize", Repository.TinyBert("model.safetensors"), "--out", Bundle, "--head", "hate=softmax:not_hate,hate", option, argument);

        Assert.Contains(expected, fault, StringComparison.Ordinal);
        Assert.Empty(Directory.GetDirectories(_folder.Path));
    }

    public void Dispose() => _folder.Dispose();

    private string Quantize(params string[] arguments)
    {
        var (code, output, error) = Tool.Run(["quantize", Repository.TinyBert("model.safetensors"), "--out", Bundle, .. arguments]);
        Assert.Equal((0, ""), (code, error));
        return output;
    }

    private string Labelled() => TinyBundle.Labelled(_folder, "hate", TinyBundle.Texts("hate").Select(text => (text.Text, text.Logit > 0)));

    /// <summary>Rows of random words, labelled with what a bundle chooses.</summary>
    private string LabelledBy(string bundle)
    {
        var words = File.ReadLines(Repository.TinyBert("vocab.txt")).Where(word => word.Length > 2 && word.All(char.IsAsciiLetterLower)).ToArray();
        var random = new Random(3);
        List<string> texts = [.. Enumerable.Range(0, 2_000).Select(_ => string.Join(' ', random.GetItems(words, 12)))];
        var file = _folder.Write("labelled.csv", "id,text\n" + string.Concat(texts.Select((text, i) => $"{i},{text}\n")));
        using var scores = BundleScores.Open(bundle, new InferOptions { Device = DeviceChoice.Cpu }, progress: null);
        var labels = scores.ReadLogits(file, new LabelledColumns()).Select(row => row.Logits![1] >= row.Logits[0] ? 1 : 0).ToList();
        return _folder.Write("labelled.csv", "id,text,hate\n" + string.Concat(texts.Zip(labels).Select((row, i) => $"{i},{row.First},{row.Second}\n")));
    }
}
