using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using ModelTool.Tests.Support;

namespace ModelTool.Tests.Train;

/// <summary>The recipes for labels inside texts: from a checkpoint to figures, on texts made here.</summary>
public sealed class TextRecipeTests : IDisposable
{
    private static readonly string[] People = ["john", "mary", "david", "peter"];
    private static readonly string[] Places = ["london", "paris", "india", "china"];

    private readonly TestFolder _folder = new();

    [Fact]
    public void Entities_ShouldLearnClassAndEntitiesAtOnce()
    {
        // A checkpoint of its own: the fixture model has a head 'entities' with other labels.
        Run("init", "--shape", "2x32x2x64", "--vocab", Repository.TinyBert("vocab.txt"), "--out", _folder.PathOf("start"),
            "--checkpoint", _folder.PathOf("checkpoint"), "--head", "vector=embedding:mean");
        var (train, dev) = (_folder.Write("train.conll", Sentences(160, seed: 1)), _folder.Write("dev.conll", Sentences(40, seed: 2)));

        Train("entities", _folder.PathOf("checkpoint"), train, dev, "epochs=6");
        var json = Evaluate(dev, "--column", "names_something=has_entity");

        AssertLossFell("loss.names_something", "loss.entities");
        Assert.True((double)json["entities"]!["entities"]!["pooled"]!["all"]!["f1"]! > 0.9);
        Assert.Equal(40, (int)json["heads"]!["names_something"]!["pooled"]!["rows"]!);
        Assert.True((double)json["heads"]!["names_something"]!["pooled"]!["macro_f1"]! > 0.8);
        Assert.Equal(LastDev("f1.entities"), (double)json["entities"]!["entities"]!["pooled"]!["all"]!["f1"]!, 1e-3); // early stopping looks at the same figure
        Assert.Equal(LastDev("f1.names_something"), (double)json["heads"]!["names_something"]!["pooled"]!["macro_f1"]!, 1e-3);
    }

    [Fact]
    public void QuestionAnswering_ShouldLearnWhereTheAnswerIs()
    {
        var checkpoint = Repository.TinyBert();
        var (train, dev) = (_folder.Write("train.json", Questions(128, seed: 1)), _folder.Write("dev.json", Questions(32, seed: 2)));

        Train("question-answering", checkpoint, train, dev, "epochs=20", "max_tokens=24"); // several windows a text
        var json = Evaluate(dev);

        AssertLossFell("loss.answer");
        var pooled = json["answers"]!["answer"]!["pooled"]!;
        Assert.Equal(32, (int)pooled["questions"]!);
        Assert.True((double)pooled["f1"]! > 0.8, $"F1 {pooled["f1"]}");
        Assert.Equal(LastDev("f1.answer"), (double)pooled["f1"]!, 1e-3);
    }

    public void Dispose() => _folder.Dispose();

    private static void Run(params string[] args)
    {
        var (code, _, error) = Tool.Run(args);
        Assert.True(code == 0, error);
    }

    private void Train(string recipe, string checkpoint, string train, string dev, params string[] more) => Run([
        "train", Repository.PathOf("samples", "recipes", recipe + ".yaml"),
        .. ((string[])[$"checkpoint={checkpoint}", $"output={_folder.PathOf("out")}", $"data.train=[{train}]", $"data.dev=[{dev}]", "learning_rate=5e-3", .. more])
            .SelectMany(setting => (string[])["--set", setting])]);

    private JsonNode Evaluate(string file, params string[] more)
    {
        Run("import", _folder.PathOf("out/model"), "--out", _folder.PathOf("bundle"), "--max-tokens", "24");
        var (code, output, error) = Tool.Run(["evaluate", file, "--bundle", _folder.PathOf("bundle"), "--json", .. more]);
        Assert.Equal((0, ""), (code, error));
        return JsonNode.Parse(output)!;
    }

    private void AssertLossFell(params string[] columns)
    {
        foreach (var column in columns)
        {
            double[] losses = [.. Column(column)];
            var (first, last) = (losses[..10].Average(), losses[^10..].Average());
            Assert.True(last < first / 2, $"{column}: {first} at first, {last} in the end");
        }
    }

    /// <summary>Of the best epoch, whose weights are saved.</summary>
    private double LastDev(string column) => Column(column).Zip(Column("f1")).MaxBy(row => row.Second).First;

    private IEnumerable<double> Column(string name)
    {
        var lines = File.ReadAllLines(_folder.PathOf("out/metrics.csv"));
        var column = Array.IndexOf(lines[0].Split(','), name);
        return lines.Skip(1).Select(line => line.Split(',')[column]).Where(cell => cell.Length > 0).Select(cell => double.Parse(cell, CultureInfo.InvariantCulture));
    }

    private static string Sentences(int count, int seed)
    {
        var random = new Random(seed);
        var text = new StringBuilder();
        for (var i = 0; i < count; i++)
        {
            var (person, place) = (People[random.Next(4)], Places[random.Next(4)]);
            text.Append((i % 3) switch
            {
                0 => $"{person}\tB-person\nsmith\tI-person\nis\tO\nin\tO\n{place}\tB-location\n\n",
                1 => $"they\tO\nsaw\tO\n{person}\tB-person\n.\tO\n\n",
                _ => $"they\tO\nare\tO\n{(i % 2 == 0 ? "in" : "not")}\tO\nit\tO\n\n",
            });
        }

        return text.ToString();
    }

    /// <summary>Who and where, after words that say nothing.</summary>
    private static string Questions(int count, int seed)
    {
        var random = new Random(seed);
        var paragraphs = new JsonArray();
        for (var i = 0; i < count; i++)
        {
            var (person, place, before) = (People[random.Next(4)], Places[random.Next(4)], string.Concat(Enumerable.Repeat("and so on ", random.Next(6))));
            var context = $"{before}{person} is in {place}.";
            var answer = i % 2 == 0 ? person : place;
            paragraphs.Add(new JsonObject
            {
                ["context"] = context,
                ["qas"] = new JsonArray(new JsonObject
                {
                    ["id"] = $"q{i}",
                    ["question"] = i % 2 == 0 ? "who is it" : "where is it",
                    ["answers"] = new JsonArray(new JsonObject { ["answer_start"] = context.IndexOf(answer, StringComparison.Ordinal), ["text"] = answer }),
                }),
            });
        }

        return new JsonObject { ["data"] = new JsonArray(new JsonObject { ["paragraphs"] = paragraphs }) }.ToJsonString();
    }
}
