using System.Text.Json.Nodes;
using ModelTool.Tests.Support;

namespace ModelTool.Tests.Evaluate;

public sealed class BundleScoresTests : IDisposable
{
    private readonly TestFolder _folder = new();

    [Fact]
    public void Evaluate_ShouldScoreAsTheReferenceDoes_WhenItIsGivenABundle()
    {
        var texts = TinyBundle.Texts("hate");
        var labelled = TinyBundle.Labelled(_folder, "hate", texts.Select((text, i) => (text.Text, (text.Logit > 0) != (i % 5 == 0))));

        var quality = Pooled(labelled, TinyBundle.Make(_folder, """{"version": "1", "heads": {}}"""));

        var wrong = texts.Index().Count(text => text.Index % 5 == 0);
        Assert.Equal((texts.Count, 1 - ((double)wrong / texts.Count)), ((int)quality["rows"]!, (double)quality["accuracy"]!));
        var brier = texts.Select((text, i) => Math.Pow((1 / (1 + Math.Exp(-text.Logit))) - ((text.Logit > 0) != (i % 5 == 0) ? 1 : 0), 2)).Average();
        Assert.Equal(brier, (double)quality["brier"]!, 5);
    }

    [Fact]
    public void Evaluate_ShouldApplyTheTemperatureOfThePolicy()
    {
        var texts = TinyBundle.Texts("hate");
        var labelled = TinyBundle.Labelled(_folder, "hate", texts.Select(text => (text.Text, true)));

        var quality = Pooled(labelled, TinyBundle.Make(_folder, """{"version": "1", "temperatures": {"hate": 0.25}, "heads": {}}"""));

        var brier = texts.Select(text => Math.Pow(1 - (1 / (1 + Math.Exp(-4 * text.Logit))), 2)).Average();
        Assert.Equal(brier, (double)quality["brier"]!, 5);
    }

    /// <summary>Two halves of a text, scored alone, and the text as two segments.</summary>
    [Fact]
    public void Evaluate_ShouldPutSegmentsTogether_WhenTheBundleHasThem()
    {
        const string First = "good day bad music war day day";
        const string Second = "day music music day good war bad";
        var bundle = TinyBundle.Make(_folder, """{"version": "1", "heads": {}}""");
        var manifest = Path.Combine(bundle, "manifest.json");
        var json = JsonNode.Parse(File.ReadAllText(manifest))!;
        json["max_tokens"] = 9;
        json["segments"] = JsonNode.Parse("""{"overlap": 0, "most": 8, "aggregate": "mean"}""");
        File.WriteAllText(manifest, json.ToJsonString());
        double Logit(string text)
        {
            var brier = (double)Pooled(_folder.Write("l.csv", $"id,text,hate\na,{text},1\n"), bundle)["brier"]!; // (1 - p)²
            return Math.Log((1 - Math.Sqrt(brier)) / Math.Sqrt(brier));
        }

        var (one, two) = (Logit(First), Logit(Second));
        Assert.True(Math.Abs(one - two) > 0.001, $"{one} and {two} must differ, or their mean would show nothing");
        Assert.Equal((one + two) / 2, Logit($"{First} {Second}"), 1e-5);
    }

    [Fact]
    public void Evaluate_ShouldCountPostsWithoutAText()
    {
        var (_, output, error) = Tool.Run("evaluate", _folder.Write("l.csv", "id,text,hate\na,fine,1\nb, \u200b,1\nc,,0\n"), "--bundle", TinyBundle.Make(_folder, """{"version": "1", "heads": {}}"""), "--json");

        Assert.Empty(error);
        var json = JsonNode.Parse(output)!;
        Assert.Equal((3, 2, 1), ((int)json["rows"]!, (int)json["rejected"]!, (int)json["heads"]!["hate"]!["pooled"]!["rows"]!));
    }

    [Fact]
    public void Evaluate_ShouldCountOnlyTheRowsThatHaveTheValues()
    {
        var bundle = TinyBundle.Make(_folder, """{"version": "1", "heads": {}}""");
        var labelled = _folder.Write("l.csv", "id,text,split,lang,hate\na,fine,dev,en,1\nb,good,train,en,no label\nc,bad,dev,en,0\nd,worse,dev,hi,1\n");

        var (_, output, error) = Tool.Run("evaluate", labelled, "--bundle", bundle, "--where", "split=dev,lang=en", "--json");

        Assert.Empty(error);
        var json = JsonNode.Parse(output)!;
        Assert.Equal((2, "l.csv where split=dev, lang=en"), ((int)json["rows"]!, (string)json["data"]!));
        Assert.EndsWith("has no rows below its header where split=test.", Tool.Fault("evaluate", labelled, "--bundle", bundle, "--where", "split=test"), StringComparison.Ordinal);
        Assert.Contains("needs a header line with a column 'part', what --where names", Tool.Fault("evaluate", labelled, "--bundle", bundle, "--where", "part=dev"), StringComparison.Ordinal);
        Assert.Contains("--where must be COLUMN=VALUE, and is 'dev'", Tool.Fault("evaluate", labelled, "--bundle", bundle, "--where", "dev"), StringComparison.Ordinal);
        Assert.StartsWith("--where is for bundles, and ", Tool.Fault("evaluate", _folder.Write("scored.jsonl", "{}"), labelled, "--where", "split=dev"), StringComparison.Ordinal);
    }

    [Fact]
    public void Evaluate_ShouldCompareABundleWithItsOwnPolicyChanged()
    {
        var texts = TinyBundle.Texts("hate");
        var labelled = TinyBundle.Labelled(_folder, "hate", texts.Select(text => (text.Text, text.Logit > 0.5)));
        var bundle = TinyBundle.Make(_folder, """{"version": "1", "heads": {}}""");

        var (code, output, error) = Tool.Run("evaluate", labelled, "--bundle", bundle, "--against", bundle, "--device", "Cpu");

        Assert.Equal((0, ""), (code, error));
        Assert.Contains("hate: macro-F1 0.0 (95 % interval 0.0 to 0.0), 0 flips, 0 right only now, 0 right only before, McNemar p 1.000", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Evaluate_ShouldRefuse_WhenThereIsNoTextToScore() =>
        Assert.EndsWith(
            "needs a header line with a column 'text', the texts to score (another name: --text-column); it has id, hate.",
            Tool.Fault("evaluate", _folder.Write("l.csv", "id,hate\na,1\n"), "--bundle", TinyBundle.Make(_folder, """{"version": "1", "heads": {}}""")),
            StringComparison.Ordinal);

    [Fact]
    public void Evaluate_ShouldRefuse_WhenTheBundleIsNone() =>
        Assert.Contains("does not exist", Tool.Fault("evaluate", _folder.Write("l.csv", "id,text,hate\na,b,1\n"), "--bundle", _folder.PathOf("none")), StringComparison.Ordinal);

    public void Dispose() => _folder.Dispose();

    private static JsonNode Pooled(string labelled, string bundle)
    {
        var (code, output, error) = Tool.Run("evaluate", labelled, "--bundle", bundle, "--device", "Cpu", "--json");
        Assert.Equal((0, ""), (code, error));
        return JsonNode.Parse(output)!["heads"]!["hate"]!["pooled"]!;
    }
}
