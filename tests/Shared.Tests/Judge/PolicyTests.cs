using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Judge;

namespace Shared.Tests.Judge;

public sealed class PolicyTests : IDisposable
{
    private static readonly HeadManifest[] Heads =
    [
        new("hate", HeadKind.Softmax, ["not_hate", "hate"]),
        new("toxicity", HeadKind.Sigmoid, ["toxic", "insult"]),
        new("entities", HeadKind.Token, ["O", "B"]),
    ];

    private readonly string _file = Path.GetTempFileName();

    [Fact]
    public void Load_ShouldReadVersionAndRules()
    {
        var policy = Load("""{"version": "v7", "description": "d", "heads": {"hate": {"hate": {"review": 0.5, "flag": 0.8}}}}""");

        Assert.Equal("v7", policy.Version);
        Assert.Equal("d", policy.Description);
        Assert.Equal(0.8f, policy.RuleFor("hate", "hate")!.Flag);
        Assert.Null(policy.RuleFor("hate", "not_hate"));
        Assert.Null(policy.RuleFor("toxicity", "toxic"));
    }

    [Fact]
    public void Load_ShouldReadTemperaturesAndTheirOrigin()
    {
        var policy = Load("""
            {"version": "1", "heads": {}, "temperatures": {"hate": 1.5}, "calibration": {"method": "m",
             "data": {"file": "f", "sha256": "s", "rows": 9, "without": ["x"], "model_sha256": "t"},
             "heads": {"hate": {"rows": 9,
               "before": {"negative_log_likelihood": 0.5, "calibration_error": 0.1},
               "after": {"negative_log_likelihood": 0.4, "calibration_error": 0.01},
               "held_out": {"negative_log_likelihood": 0.45, "calibration_error": 0.02},
               "labels": {"hate": {"target": "t", "positives": 4, "curve": [{"threshold": 0.5, "recall": 1, "share": 1}],
                 "review": {"threshold": 0.5, "recall": 0.5}}}}}}}
            """);

        Assert.Equal((1.5f, 1f), (policy.TemperatureOf("hate"), policy.TemperatureOf("toxicity")));
        var hate = policy.Content.Calibration!.Heads["hate"];
        Assert.Equal((0.02, null), (hate.HeldOut.CalibrationError, hate.Labels["hate"].Flag));
    }

    [Fact]
    public void Load_ShouldNameAllFaultsAtOnce()
    {
        var message = Fault("""
            {"version": " ", "temperatures": {"hate": 0, "toxicity": 101, "entities": 1, "hat": 1}, "heads": {
              "hat": {"hate": {"flag": 0.5}},
              "entities": {"B": {"flag": 0.5}},
              "hate": {"hateful": {"flag": 0.5}, "hate": {"review": 0.9, "flag": 0.8}, "not_hate": {}},
              "toxicity": {"toxic": {"review": 0, "flag": 1.5, "flag_name": ""},
                           "insult": {"review": 0.4, "languages": {"hi": {"flag": 0.3}, "HI": {"flag": 0.7}, "": {}, "pt": null}}}}}
            """);

        Assert.Equal(
            $"The policy {_file} is not valid: version is empty; "
            + "head 'hat' is not in the model, which has hate, toxicity, entities; "
            + "head 'entities' gives no probability a post, so it can have no threshold; "
            + "head 'hate' has no label 'hateful', it has not_hate, hate; "
            + "hate.hate.review is 0.9 and must not be above flag, 0.8; "
            + "hate.not_hate has neither a review nor a flag threshold; "
            + "toxicity.toxic.review is 0 and must lie above 0 and at most at 1; "
            + "toxicity.toxic.flag is 1.5 and must lie above 0 and at most at 1; "
            + "toxicity.toxic.flag_name is empty; "
            + "toxicity.insult.languages.hi.review is 0.4 and must not be above flag, 0.3; "
            + "toxicity.insult.languages has 'HI' twice, case does not matter; "
            + "toxicity.insult.languages has an empty language; "
            + "toxicity.insult.languages.pt is null; "
            + "temperatures.hate is 0 and must lie between 0.01 and 100; "
            + "temperatures.toxicity is 101 and must lie between 0.01 and 100; "
            + "head 'entities' gives no probability a post, so it can have no temperature; "
            + "head 'hat' is not in the model, which has hate, toxicity, entities.",
            message);
    }

    [Theory]
    [InlineData("""{"version": "1"}""", "heads")]
    [InlineData("""{"version": "1", "heads": {}, "head": {}}""", "'head'")]
    [InlineData("""{"version": "1", "heads": {"hate": {"hate": {"flags": 0.5}}}}""", "'flags'")]
    [InlineData("""{"version": "1", "heads": {"hate": {"hate": {"flag": 0.5, "flag": 0.6}}}}""", "flag")]
    [InlineData("""{"version": "1", "heads": {"hate": {"hate": {"flag": 0.5}, "hate": {"flag": 0.6}}}}""", "hate")]
    [InlineData("""{"version": "1", "heads": {"hate": {"hate": {"flag": "high"}}}}""", "$.heads.hate.hate.flag (line 1)")]
    [InlineData("""{"version": "1", "heads": {"hate": null}}""", "heads.hate is null")]
    [InlineData("""{"version": "1", "heads": {}, "temperatures": {"hate": null}}""", "temperatures.hate")]
    [InlineData("""{"version": "1", "heads": {}, "calibration": {"method": "m"}}""", "data")]
    [InlineData("""{"version": "1", "heads": {"hate": {"hate": null}}}""", "hate.hate is null")]
    [InlineData("""{"version": "1", """, "(line 1)")]
    [InlineData("null", "it is null")]
    public void Load_ShouldRefuseInOneLine_WhenItIsNoPolicy(string json, string said)
    {
        var message = Fault(json);

        Assert.StartsWith($"The policy {_file} is not valid: ", message, StringComparison.Ordinal);
        Assert.Contains(said, message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
        Assert.DoesNotContain("StreamScorer.", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_ShouldRefuse_WhenTheFileIsMissing()
    {
        var missing = _file + ".none";

        var message = Assert.Throws<PolicyException>(() => Policy.Load(missing, Heads)).Message;

        Assert.Equal($"The policy {missing} is missing: restore it, or write one as docs/schemas/policy.schema.json says.", message);
    }

    public void Dispose() => File.Delete(_file);

    private Policy Load(string json)
    {
        File.WriteAllText(_file, json);
        return Policy.Load(_file, Heads);
    }

    private string Fault(string json) => Assert.Throws<PolicyException>(() => Load(json)).Message;
}
