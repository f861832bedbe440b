using System.Globalization;
using System.Text.Json.Nodes;
using ModelTool.Tests.Support;
using ModelTool.Train;
using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Encode;

namespace ModelTool.Tests.Train;

/// <summary>The recipes as they are in samples/recipes: each parses, learns from rows of its form, and leads to a bundle that the other commands take.</summary>
public sealed class RecipeTests : IDisposable
{
    private static readonly string[] Words = ["sad", "bad", "poor", "good", "great", "happy", "war"];

    private readonly TestFolder _folder = new();

    public static TheoryData<string> All => [.. Directory.GetFiles(Path.Combine(Repository.Root, "samples", "recipes"), "*.yaml").Select(file => Path.GetFileName(file))];

    [Theory]
    [MemberData(nameof(All))]
    public void Recipe_ShouldParse(string recipe)
    {
        var config = TrainConfigFile.Read(PathOf(recipe), []);

        Assert.NotEmpty(config.Heads);
        Assert.StartsWith("# ", File.ReadLines(PathOf(recipe)).First(), StringComparison.Ordinal);
    }

    [Fact]
    public void Recipe_ShouldLearnAndBeServed_OnIndependentLabelsInColumns() => Walk("toxicity.yaml", "toxicity", Toxicity, []);

    [Fact]
    public void Recipe_ShouldLearnAndBeServed_OnIndependentLabelsInOneColumn() => Walk("emotions.yaml", "emotions", Emotions, ["--column", "emotions=labels"]);

    [Fact]
    public void Recipe_ShouldLearnAndBeServed_OnPairs() => Walk(
        "nli.yaml", "relation", Pairs, ["--text-column", "premise", "--pair-column", "hypothesis", "--column", "relation=label"]);

    /// <summary>Labels, columns and splits of the recipes are those of the collections they are for.</summary>
    [Theory]
    [InlineData("toxicity.yaml", "toxicity_ucc_6labels.csv", 7084, 853)]
    [InlineData("emotions.yaml", "multilabel_goemotions.csv", 43_410, 5426)]
    [InlineData("nli.yaml", "nli_sick.csv", 4500, 500)]
    [InlineData("nli.yaml", "nli_med_climatefever.csv", 10_493, 1322)]
    public void Recipe_ShouldReadItsCollection(string recipe, string file, int train, int dev)
    {
        var data = Repository.Reference("data", "heads", file);
        var tokenizer = BertTokenizer.Load(Repository.TinyBert("vocab.txt"), new TokenizerSettings());

        var set = ExampleReader.Read(TrainConfigFile.Read(PathOf(recipe), [$"data.train={data}", "max_tokens=8"]), tokenizer);

        Assert.Equal((train, dev), (set.Train.Count, set.Dev.Count));
    }

    public void Dispose() => _folder.Dispose();

    private static string PathOf(string recipe) => Path.Combine(Repository.Root, "samples", "recipes", recipe);

    /// <summary>Train, import, evaluate, calibrate, quantize, as the head of the recipe says.</summary>
    private void Walk(string recipe, string head, Func<TrainConfig, string> write, string[] columns)
    {
        var config = TrainConfigFile.Read(PathOf(recipe), []);
        var data = _folder.Write("rows.csv", write(config));
        var (output, bundle) = (_folder.PathOf("out"), _folder.PathOf("bundle"));
        columns = [.. columns, "--where", "split=dev"];

        Well(
            "train", PathOf(recipe), "--set", $"checkpoint={Path.GetDirectoryName(Repository.TinyBert("config.json"))}", "--set", $"data.train={data}", "--set", $"output={output}",
            "--set", "epochs=8", "--set", "batch=16", "--set", "learning_rate=5e-3", "--set", "dropout=0", "--set", "patience=0", "--set", $"heads.{head}.class_weights=[]");
        var steps = File.ReadLines(Path.Combine(output, "metrics.csv")).Skip(1).Select(line => line.Split(',')).ToList();
        double[] losses = [.. steps.Where(step => step[2] == "train").Select(step => Number(step[6]))];
        Assert.InRange(losses[^5..].Average(), 0, 0.5 * losses[..5].Average());

        Well("import", Path.Combine(output, "model"), "--out", bundle);
        var best = steps.Where(step => step[2] == "dev").Max(step => Number(step[^1]));
        var pooled = JsonNode.Parse(Well(["evaluate", data, "--bundle", bundle, "--json", .. columns]))!["heads"]![head]!["pooled"]!;
        Assert.Equal(best, (double)pooled["macro_f1"]!, 1e-5);
        Assert.InRange(best, 0.5, 1);

        Well(["calibrate", bundle, data, "--best-f1", "--label", head, .. columns]);
        Assert.Equal(config.Heads[head].Labels, ModelBundle.Open(bundle).Policy.Content.Heads[head].Keys);
        Assert.Contains("macro-F1", Well(["quantize", Path.Combine(output, "model"), "--out", _folder.PathOf("int8"), "--data", data, "--budget", "100", .. columns]), StringComparison.Ordinal);
    }

    /// <summary>A word stands for two labels; one stands for none.</summary>
    private static string Toxicity(TrainConfig config)
    {
        var labels = config.Heads["toxicity"].Labels;
        return Rows($"id,text,{string.Join(',', labels)},split", i =>
        {
            var word = i % (labels.Count + 1);
            var values = labels.Select((_, label) => word < labels.Count && (label == word || label == (word + 1) % labels.Count) ? 1 : 0);
            return $"{Words[word]},{string.Join(',', values)}";
        });
    }

    /// <summary>Three words stand for every other label, three for the others.</summary>
    private static string Emotions(TrainConfig config) => Rows(
        "id,text,labels,split", i => $"{Words[i % 6]},{string.Join(' ', config.Heads["emotions"].Labels.Where((_, label) => label % 2 == i % 6 / 3))}");

    /// <summary>The same word, none, or another.</summary>
    private static string Pairs(TrainConfig config) => Rows("id,premise,hypothesis,label,split", i => (i % 3) switch
    {
        0 => $"the {Words[i % 4]},a {Words[i % 4]},entailment",
        1 => $"the {Words[i % 4]},a house,neutral",
        _ => $"the {Words[i % 4]},no {Words[i % 4]},contradiction",
    });

    private static string Rows(string header, Func<int, string> row) =>
        header + "\n" + string.Concat(Enumerable.Range(0, 250).Select(i => $"r{i},{row(i)},{(i < 190 ? "train" : "dev")}\n"));

    private static double Number(string cell) => double.Parse(cell, CultureInfo.InvariantCulture);

    private static string Well(params string[] args)
    {
        var (code, output, error) = Tool.Run(args);
        Assert.True(code == 0, error);
        return output;
    }
}
