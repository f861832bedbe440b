using System.Security.Cryptography;
using ModelTool.Calibrate;
using ModelTool.Tests.Support;
using StreamScorer.Shared.Bundle;

namespace ModelTool.Tests.Calibrate;

public sealed class CalibrateCommandTests : IDisposable
{
    private const string Rule = """{"version": "old", "heads": {"hate": {"hate": {"review": 0.3, "flag": 0.9, "flag_name": "abuse"}}}}""";

    private readonly TestFolder _folder = new();

    [Fact]
    public void Calibrate_ShouldWriteThePolicy()
    {
        var (bundle, labelled) = (TinyBundle.Make(_folder, Rule), Labelled());

        var (code, output, error) = Tool.Run("calibrate", bundle, labelled, "--best-f1", "--review-recall", "0.95", "--folds", "3", "--without", "odd", "--policy-version", "new");

        Assert.Equal((0, ""), (code, error));
        Assert.Contains("policy new, before old.", output, StringComparison.Ordinal);
        var policy = ModelBundle.Open(bundle).Policy.Content;
        Assert.Equal("new", policy.Version);
        var rule = policy.Heads["hate"]["hate"];
        Assert.Equal("abuse", rule.FlagName);
        Assert.True(rule.Review is null || rule.Review < rule.Flag);
        var calibration = policy.Calibration!;
        Assert.Equal("labelled.csv", calibration.Data.File);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(labelled))), calibration.Data.Sha256);
        Assert.Equal((29, 29), (calibration.Data.Rows, calibration.Heads["hate"].Rows)); // every other of 57
        Assert.True(calibration.Heads["hate"].After.NegativeLogLikelihood <= calibration.Heads["hate"].Before.NegativeLogLikelihood);
        Assert.Equal(["hate"], policy.Temperatures!.Keys);
        Assert.Empty(Directory.GetFiles(bundle, "*.tmp"));
    }

    [Fact]
    public void Calibrate_ShouldFitTheLogitsOfTheVeryHead()
    {
        var bundle = TinyBundle.Make(_folder, Rule);

        Tool.Run("calibrate", bundle, Labelled(), "--best-f1");

        var expected = Temperature.Fit(Rows.Two([.. TinyBundle.Texts("hate").Select((text, i) => (Truth(text.Logit, i), (float)text.Logit))]))!.Value;
        Assert.NotEqual(1, expected);
        Assert.InRange(expected, 1.01 * Temperature.Lowest, 0.99 * Temperature.Highest);
        Assert.Equal(expected, ModelBundle.Open(bundle).Policy.Content.Temperatures!["hate"], 2);
    }

    [Fact]
    public void Calibrate_ShouldTakeRowsWithoutALabel_AsTheBackground()
    {
        var bundle = TinyBundle.Make(_folder, Rule);
        var labelled = Labelled();
        File.AppendAllLines(labelled, TinyBundle.Texts("hate").SelectMany((text, i) => new[] { $"o{i},\"{text.Text.Replace("\"", "\"\"", StringComparison.Ordinal)}\",odd,", $"e{i},\"{text.Text.Replace("\"", "\"\"", StringComparison.Ordinal)}\",even," }));

        var (code, output, error) = Tool.Run("calibrate", bundle, labelled, "--best-f1", "--folds", "3", "--background-flags", "0.2");

        Assert.Equal((0, ""), (code, error));
        Assert.Contains("background", output, StringComparison.Ordinal);
        var head = ModelBundle.Open(bundle).Policy.Content.Calibration!.Heads["hate"];
        Assert.Equal((57, 114), (head.Rows, head.Background));
        Assert.InRange(head.Labels["hate"].Flag!.HeldOutBackground!.Value, 0, 0.3);
        Assert.Contains("raised until at most 0.2 of the rows without a label of the head reach it", head.Labels["hate"].Target, StringComparison.Ordinal);
    }

    [Fact]
    public void Calibrate_ShouldWriteNothing_WhenItIsADryRun()
    {
        var bundle = TinyBundle.Make(_folder, Rule);

        var (code, output, _) = Tool.Run("calibrate", bundle, Labelled(), "--best-f1", "--dry-run");

        Assert.Equal(0, code);
        Assert.EndsWith($"Nothing written; the policy stays old.{Environment.NewLine}", output, StringComparison.Ordinal);
        Assert.Equal(Rule, File.ReadAllText(Path.Combine(bundle, "policy.json")));
    }

    [Fact]
    public void Calibrate_ShouldGiveARuleToALabelThatIsNamed()
    {
        var bundle = TinyBundle.Make(_folder, """{"version": "old", "heads": {}}""");

        Tool.Run("calibrate", bundle, Labelled(), "--best-f1", "--label", "hate.not_hate");

        Assert.Equal(["not_hate"], ModelBundle.Open(bundle).Policy.Content.Heads["hate"].Keys);
    }

    [Fact]
    public void Calibrate_ShouldGiveARuleToEveryLabel_WhenItsHeadIsNamed()
    {
        var bundle = TinyBundle.Make(_folder, """{"version": "old", "heads": {}}""");

        var (code, _, error) = Tool.Run("calibrate", bundle, Labelled(), "--best-f1", "--label", "hate", "--where", "source=even", "--folds", "3");

        Assert.Equal((0, ""), (code, error));
        var policy = ModelBundle.Open(bundle).Policy.Content;
        Assert.Equal(["not_hate", "hate"], policy.Heads["hate"].Keys);
        Assert.Equal(("labelled.csv where source=even", 29), (policy.Calibration!.Data.File, policy.Calibration.Data.Rows));
    }

    [Fact]
    public void Calibrate_ShouldNotAddABand_WhenTheRuleHasOne()
    {
        var bundle = TinyBundle.Make(_folder, """{"version": "old", "heads": {"hate": {"hate": {"review": 0.3}}}}""");

        Tool.Run("calibrate", bundle, Labelled(), "--best-f1");

        var rule = ModelBundle.Open(bundle).Policy.Content.Heads["hate"]["hate"];
        Assert.Equal((0.5f, null), (rule.Review, rule.Flag));
    }

    [Theory]
    [InlineData("Say what flag thresholds are to reach: one of --precision, --best-f1 and --cost-ratio.")]
    [InlineData("Say what flag thresholds are to reach: one of --precision, --best-f1 and --cost-ratio.", "--best-f1", "--cost-ratio", "2")]
    [InlineData("--precision must lie above 0 and at most at 1.", "--precision", "90")]
    [InlineData("--cost-ratio must be above 0.", "--cost-ratio", "0")]
    [InlineData("--background-flags must lie above 0 and at most at 1.", "--best-f1", "--background-flags", "2")]
    [InlineData("The data has 0 rows without a label of head 'hate', and the background is to be at least 100: add ordinary posts with that column empty, or leave --background-flags and --background-reviews out.", "--best-f1", "--background-reviews", "0.05")]
    [InlineData("--folds must lie between 2 and 100, and is 1.", "--best-f1", "--folds", "1")]
    [InlineData("--label hate.x is not in the model, which has fake.not_fake, fake.fake, hate.not_hate, hate.hate, sentiment.negative, sentiment.positive.", "--best-f1", "--label", "hate.x")]
    [InlineData("The data has no labels for head 'fake', and fake.fake is to get a threshold: give rows that have them, or take its rule out of the policy.", "--best-f1", "--label", "fake.fake")]
    [InlineData("No threshold of hate reaches the target: aim lower, or take its rule out of the policy.", "--precision", "1", "--review-recall", "1", "--without", "odd")]
    public void Calibrate_ShouldSayInOneLine_WhatIsAskedWrongly(string said, params string[] options)
    {
        var bundle = TinyBundle.Make(_folder, said.StartsWith("No threshold", StringComparison.Ordinal) ? """{"version": "old", "heads": {"hate": {"hate": {"flag": 0.9}}}}""" : Rule);
        var before = File.ReadAllText(Path.Combine(bundle, "policy.json"));

        Assert.Equal(said, Tool.Fault(["calibrate", bundle, Labelled(), .. options]));
        Assert.Equal(before, File.ReadAllText(Path.Combine(bundle, "policy.json")));
    }

    [Theory]
    [InlineData("id,text,hate\na,one,1\nb,two,1\n", "Head 'hate' cannot be calibrated: the data has one label only, or none, in 2 rows. Leave its column out, or give rows of every label.")]
    [InlineData("id,text,topic\na,one,1\n", "has no labels for any head of the model (fake, hate, sentiment): a column must have the head's name, or --column HEAD=COLUMN say which.")]
    [InlineData("id,text,hate\na,one,2\n", ", line 2: column 'hate' must hold one of not_hate, hate, or its index from 0.")]
    [InlineData("id,text,hate\na,one,1\n\"b,two,0\n", ", line 3, is not valid CSV: ")]
    public void Calibrate_ShouldSayInOneLine_WhatIsWrongWithTheData(string csv, string said) =>
        Assert.Contains(
            said,
            Tool.Fault("calibrate", TinyBundle.Make(_folder, """{"version": "old", "heads": {}}"""), _folder.Write("labelled.csv", csv), "--best-f1"),
            StringComparison.Ordinal);

    [Fact]
    public void Calibrate_ShouldNameTheLabel_WhenNoRowHasIt()
    {
        var bundle = _folder.PathOf("bundle");
        Assert.Equal(0, Tool.Run("import", Repository.TinyBert("model.safetensors"), "--out", bundle, "--head", "toxicity=sigmoid:a,b,c,d,e,f").ExitCode);
        var labelled = _folder.Write("l.csv", "id,text,a,b\n" + string.Concat(Enumerable.Range(0, 60).Select(i => $"{i},text {i},{(i % 7 < 3 ? 1 : 0)},0\n")));

        Assert.StartsWith(
            "No row of the data has the label toxicity.b: no threshold can be chosen for it.",
            Tool.Fault("calibrate", bundle, labelled, "--best-f1", "--folds", "2", "--label", "toxicity"),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Calibrate_ShouldRefuse_WhenThresholdsGoByLanguage() =>
        Assert.StartsWith(
            "The policy has thresholds by language for hate.hate,",
            Tool.Fault("calibrate", TinyBundle.Make(_folder, """{"version": "1", "heads": {"hate": {"hate": {"flag": 0.9, "languages": {"hi": {"flag": 0.95}}}}}}"""), Labelled(), "--best-f1"),
            StringComparison.Ordinal);

    [Theory]
    [InlineData("2026-11-21.1", "2026-11-21.2")]
    [InlineData("2026-11-21.9", "2026-11-21.10")]
    [InlineData("2026-11-20.4", "2026-11-21.1")]
    [InlineData("2026-11-21.x", "2026-11-21.1")]
    [InlineData("v7", "2026-11-21.1")]
    public void NextVersion_ShouldCountUp(string old, string next) =>
        Assert.Equal(next, PolicyUpdate.NextVersion(old, new DateOnly(2026, 11, 21)));

    public void Dispose() => _folder.Dispose();

    /// <summary>Every sixth post is labelled against the model.</summary>
    private string Labelled() => TinyBundle.Labelled(_folder, "hate", TinyBundle.Texts("hate").Select((text, i) => (text.Text, Truth(text.Logit, i))));

    private static bool Truth(double logit, int i) => (logit > 0.3) != (i % 6 < 1);
}
