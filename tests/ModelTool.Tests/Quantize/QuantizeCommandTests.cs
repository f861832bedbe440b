using ModelTool.Evaluate;
using ModelTool.Tests.Support;
using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Infer;

namespace ModelTool.Tests.Quantize;

public sealed class QuantizeCommandTests : IDisposable
{
    private readonly TestFolder _folder = new();

    private string Bundle => _folder.PathOf("int8");

    private string Graph => Path.Combine(Bundle, "model.int8.onnx");

    /// <summary>All head kinds. Values are 0.75 in size on average.</summary>
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
        Assert.Equal((GraphPrecision.Int8, GraphLayout.Packed, true), (variant.Precision, variant.Layout, variant.WeightZeroPoints));
        Assert.InRange(new FileInfo(Graph).Length, 0, new FileInfo(Path.Combine(_folder.PathOf("fp32"), "model.fp32.onnx")).Length / 2);
    }

    [Fact]
    public void Quantize_ShouldSayWhatItMeasured_WhenTheBudgetHolds()
    {
        var output = Quantize("--head", "hate=softmax:not_hate,hate", "--data", Labelled(), "--budget", "100");

        Assert.Contains("hate: macro-F1 ", output, StringComparison.Ordinal);
        Assert.Matches(@"change of a probability 0\.00\d\d on average, 0\.0\d\d at most; 0 decided differently", output);
        Assert.Equal(["int8"], Directory.GetDirectories(_folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void Quantize_ShouldWriteWhatItMeasured_IntoTheManifest()
    {
        var data = Labelled();
        Quantize("--head", "hate=softmax:not_hate,hate", "--data", data, "--budget", "100", "--gpu", "fp16");

        var metrics = ModelBundle.Open(Bundle).Manifest.Metrics!;
        Assert.Equal("labelled.csv, the cpu graph", metrics.Data);
        Assert.Equal((LabelledRows.Digest(data), 100), (metrics.Quantization!.DataSha256, metrics.Quantization.BudgetPoints));
        Assert.Empty(metrics.Quantization.KeptFp32);
        Assert.Equal(["cpu", "cuda"], metrics.Quantization.Variants.Keys.Order(StringComparer.Ordinal));
        var (int8, fp16) = (metrics.Quantization.Variants["cpu"]["hate"], metrics.Quantization.Variants["cuda"]["hate"]);
        Assert.Equal((metrics.Heads["hate"].Rows, metrics.Heads["hate"].MacroF1), (int8.Rows, int8.MacroF1));
        Assert.InRange(int8.MeanChange, 1e-9, int8.LargestChange);
        Assert.InRange(fp16.LargestChange, 1e-9, int8.LargestChange / 2);
    }

    /// <summary>The whole encoder in fp32 is the import: the names reach the parts they name.</summary>
    [Fact]
    public void Quantize_ShouldKeepThePartsNamed_InFp32()
    {
        Quantize("--heads", Repository.TinyBert("heads.json"), "--keep-fp32", "embeddings,layer.0,layer.1");

        GraphRun.AssertParity(Graph, GoldenRow.TinyBert("forward.jsonl"), 1e-5f);
    }

    /// <summary>Every post is labelled with what fp32 chooses, so that nothing but fp32 throughout may hold a budget of nothing.</summary>
    [Fact]
    public void Quantize_ShouldKeepPartsInFp32_UntilTheBudgetHolds()
    {
        string[] head = ["--head", "hate=softmax:not_hate,hate"];
        var fp32 = _folder.PathOf("fp32");
        Assert.Equal(0, Tool.Run(["import", Repository.TinyBert("model.safetensors"), "--out", fp32, .. head]).ExitCode);

        var output = Quantize(["--budget", "0", "--keep-most", "3", "--data", LabelledBy(fp32), .. head]);

        var quantization = ModelBundle.Open(Bundle).Manifest.Metrics!.Quantization!;
        Assert.NotEmpty(quantization.KeptFp32);
        Assert.Contains($"{quantization.KeptFp32[0]} in fp32 alone takes the mean change of a probability of hate from ", output, StringComparison.Ordinal);
        Assert.Contains($"in fp32 stay {string.Join(", ", quantization.KeptFp32)}", output, StringComparison.Ordinal);
        Assert.Equal((1, 1, 0), (quantization.Variants["cpu"]["hate"].MacroF1Fp32, quantization.Variants["cpu"]["hate"].MacroF1, quantization.Variants["cpu"]["hate"].Flips));
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

        var fault = Tool.Fault(["quantize", Repository.TinyBert("model.safetensors"), "--out", Bundle, "--model-version", "2", "--budget", "0", "--keep-most", "0", "--data", LabelledBy(fp32), .. head]);

        Assert.Contains("int8 loses more than --budget 0 points, so no bundle is written: hate: macro-F1 100.00 in fp32", fault, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllText(Path.Combine(Bundle, "manifest.json")));
        Assert.Equal(["fp32", "int8"], Directory.GetDirectories(_folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("--budget must be 0 or more", "--budget", "-1")]
    [InlineData("--keep-fp32 has 'layer.7'; this model's parts are embeddings, layer.0, layer.1.", "--keep-fp32", "layer.0,layer.7")]
    [InlineData("--gpu-attention packed is for the graph of --gpu fp16", "--gpu-attention", "packed")]
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

    /// <summary>Strange texts among them. Scores of the reference model; measured: 0.0086 off on average, 0.14 at most.</summary>
    [Fact]
    public void Quantize_ShouldStayNearFp32_AndGiveTheSameScoresAloneAndInABatch_WithTheReferenceModel()
    {
        List<GoldenRow> rows = [.. GoldenRow.Moderation().OrderBy(row => row.Ids.Length)];
        Assert.Equal((0, ""), (Tool.Run("quantize", Repository.Reference("model"), "--out", Bundle) is var run ? run.ExitCode : -1, run.Error));

        var together = GraphRun.Run(Graph, rows, 32);

        var changes = rows.Zip(together).SelectMany(pair => pair.First.Values.Keys.Select(head => MathF.Abs(Second(pair.First.Values[head]) - Second(pair.Second[head])))).ToList();
        Assert.InRange(changes.Average(), 0, 0.01f);
        Assert.InRange(changes.Max(), 0, 0.18f);
        var some = Enumerable.Range(0, rows.Count).Where(i => i % 5 == 0).ToList();
        var alone = GraphRun.Run(Graph, [.. some.Select(i => rows[i])], 1);
        Assert.All(some.Zip(alone), pair => Assert.All(pair.Second, head => Assert.Equal(Second(head.Value), Second(together[pair.First][head.Key]), 1e-4f)));
    }

    /// <summary>Probability of the second of two labels.</summary>
    private static float Second(float[] logits) => 1 / (1 + MathF.Exp(logits[0] - logits[1]));

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
