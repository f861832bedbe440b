using System.Globalization;
using System.Text.Json.Nodes;
using ModelTool.Tests.Support;
using ModelTool.Train;
using StreamScorer.Shared.Encode;

namespace ModelTool.Tests.Train;

/// <summary>Long texts from labelled rows to a bundle. The real collections cannot be passed on, so the rows are made up.</summary>
public sealed class SegmentTrainingTests : IDisposable
{
    private readonly TestFolder _folder = new();

    /// <summary>All that tells the two labels apart is beyond what fits one row.</summary>
    [Fact]
    public void Train_ShouldLearnFromTheTail_OnlyInSegments()
    {
        string[] words = ["sad bad poor", "good great happy"];
        var config = Write(
            [.. Enumerable.Range(0, 120).Select(i => $"{Filler(14)} {Shuffled($"{Repeat(words[i % 2], 4)} {Filler(4)}", i)},{i % 2},{(i < 90 ? "train" : "dev")}")],
            $$"""
            checkpoint: {{Path.GetDirectoryName(Repository.TinyBert("config.json"))}}
            output: out
            data: {train: [rows.csv], split: split}
            heads: {mood: {labels: [low, high], column: label} }
            batch: 16
            epochs: 6
            learning_rate: 5e-3
            max_tokens: 16
            """);

        Train(config, "--set", $"output={_folder.PathOf("segments")}", "--set", "segments={overlap: 4}");
        Train(config, "--set", $"output={_folder.PathOf("cut")}");

        Assert.Equal(1, DevF1("segments"));
        Assert.InRange(DevF1("cut"), 0, 0.5); // all rows look the same
        Assert.Equal(1, Evaluate("segments", "--max-tokens", "16", "--segments", "overlap=4").MacroF1);
        Assert.InRange(Evaluate("segments", "--max-tokens", "16").MacroF1, 0, 0.5);
    }

    /// <summary>As the head of each recipe says, with a tiny model: names, labels and settings fit each other.</summary>
    [Theory]
    [InlineData("newsgroups.yaml", "newsgroup", "sci.space,rec.autos,talk.politics.guns")]
    [InlineData("film-reviews.yaml", "review", "0,1")]
    public void Recipe_ShouldRunFromCheckpointToBundle(string recipe, string head, string labels)
    {
        var known = labels.Split(',');
        Write([.. Enumerable.Range(0, 40).Select(i => $"{Shuffled(Repeat($"{(i % known.Length == 0 ? "music" : "war")} day good", 50), i)},{known[i % known.Length]},{(i < 24 ? "train" : "dev")}")], "");

        Train(
            Path.Combine(Repository.Root, "samples", "recipes", recipe),
            "--set", $"checkpoint={Path.GetDirectoryName(Repository.TinyBert("config.json"))}", "--set", $"output={_folder.PathOf("recipe")}",
            "--set", $"data.train={_folder.PathOf("rows.csv")}", "--set", "epochs=1", "--set", "max_tokens=96");
        var (rows, _) = Evaluate("recipe", "--max-tokens", "96", "--segments", Segments(recipe), "--column", $"{head}=label");

        Assert.Equal(40, rows);
    }

    /// <summary>Labels, columns and splits of the recipes are those of the collections they are for.</summary>
    [Theory]
    [InlineData("newsgroups.yaml", "longdoc_20newsgroups.csv", 2870, 374)]
    [InlineData("film-reviews.yaml", "longdoc_imdb.csv", 4000, 1000)]
    public void Recipe_ShouldReadItsCollection(string recipe, string file, int train, int dev)
    {
        var data = Repository.Reference("data", "heads", file);
        var tokenizer = BertTokenizer.Load(Repository.TinyBert("vocab.txt"), new TokenizerSettings());
        var csv = _folder.Write("rows.csv", recipe == "film-reviews.yaml" ? File.ReadAllText(data).Replace(",test\n", ",dev\n", StringComparison.Ordinal) : File.ReadAllText(data));

        var set = ExampleReader.Read(TrainConfigFile.Read(Path.Combine(Repository.Root, "samples", "recipes", recipe), [$"data.train={csv}"]), tokenizer);

        Assert.Equal((train, dev), (set.Train.Count(row => row.Part.Index == 0), set.Dev.Count(row => row.Part.Index == 0)));
        Assert.InRange(set.Train.Count, train + (train / 4), 3 * train);
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>What the recipe's own comment gives to 'import'.</summary>
    private static string Segments(string recipe)
    {
        var import = File.ReadLines(Path.Combine(Repository.Root, "samples", "recipes", recipe)).Single(line => line.Contains("modeltool import", StringComparison.Ordinal));
        return import.Split("--segments ")[1].Split(' ')[0];
    }

    private static void Train(string config, params string[] arguments)
    {
        var (code, _, error) = Tool.Run(["train", config, .. arguments]);
        Assert.True(code == 0, error);
    }

    private double DevF1(string output) => double.Parse(File.ReadLines(_folder.PathOf($"{output}/metrics.csv")).Last().Split(',')[^1], CultureInfo.InvariantCulture);

    /// <summary>Of the bundle that the trained model becomes, on all rows.</summary>
    private (int Rows, double MacroF1) Evaluate(string output, params string[] arguments)
    {
        string[] columns = arguments is [.., "--column", _] ? arguments[^2..] : ["--column", "mood=label"];
        string[] import = arguments is [.., "--column", _] ? arguments[..^2] : arguments;
        var (made, _, fault) = Tool.Run(["import", _folder.PathOf($"{output}/model"), "--out", _folder.PathOf($"{output}-bundle"), .. import]);
        Assert.True(made == 0, fault);
        var (code, text, error) = Tool.Run(["evaluate", _folder.PathOf("rows.csv"), "--bundle", _folder.PathOf($"{output}-bundle"), "--device", "Cpu", "--json", .. columns]);
        Assert.True(code == 0, error);
        var pooled = JsonNode.Parse(text)!["heads"]![columns[1].Split('=')[0]]!["pooled"]!;
        return ((int)pooled["rows"]!, (double)pooled["macro_f1"]!);
    }

    private string Write(string[] rows, string config)
    {
        _folder.Write("rows.csv", "id,text,label,split\n" + string.Join('\n', rows.Select((row, i) => $"{i},{row}")) + "\n");
        return _folder.Write("train.yaml", config);
    }

    private static string Repeat(string words, int times) => string.Join(' ', Enumerable.Repeat(words, times));

    private static string Filler(int words) => Repeat("and", words);

    private static string Shuffled(string text, int seed)
    {
        var words = text.Split(' ');
        new Random(seed).Shuffle(words);
        return string.Join(' ', words);
    }
}
