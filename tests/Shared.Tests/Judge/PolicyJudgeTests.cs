using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Contracts;
using StreamScorer.Shared.Encode;
using StreamScorer.Shared.Judge;

namespace Shared.Tests.Judge;

public sealed class PolicyJudgeTests
{
    private const float Close = 1e-6f;

    private static readonly HeadManifest Topic = new("topic", HeadKind.Softmax, ["a", "b", "c"]);
    private static readonly HeadManifest Hate = new("hate", HeadKind.Softmax, ["not_hate", "hate"]);
    private static readonly HeadManifest Toxicity = new("toxicity", HeadKind.Sigmoid, ["toxic", "insult"]);

    [Fact]
    public void Decide_ShouldGiveEveryProbabilityInOrder()
    {
        // e^1, e^2, e^3 over their sum; 1 / (1 + e^-x) for 0 and ln 3.
        var verdict = Judge("{}", Topic, Toxicity).Decide([1, 2, 3, 0, MathF.Log(3)], null);

        Assert.Equal(["topic", "toxicity"], verdict.Heads.Keys);
        Assert.Equal(["a", "b", "c"], verdict.Heads["topic"].Probabilities.Keys);
        AssertClose([0.09003057f, 0.24472848f, 0.66524094f], verdict.Heads["topic"]);
        AssertClose([0.5f, 0.75f], verdict.Heads["toxicity"]);
        Assert.Equal(("c", null), (verdict.Heads["topic"].Label, verdict.Heads["topic"].Labels));
        Assert.Null(verdict.Heads["toxicity"].Label);
        Assert.Equal(["toxic", "insult"], verdict.Heads["toxicity"].Labels);
        Assert.Equal(Decision.Allow, verdict.Decision);
        Assert.Empty(verdict.Flags);
        Assert.Empty(verdict.Why);
    }

    [Fact]
    public void Decide_ShouldDivideTheLogitsByTheTemperature()
    {
        // topic at 2: e^0.5, e^1, e^1.5 over their sum; toxicity at 0.5: 1 / (1 + e^-2x)
        var verdict = Judge("{}", """{"topic": 2, "toxicity": 0.5}""", Topic, Hate, Toxicity).Decide([1, 2, 3, 0, MathF.Log(3), 0, MathF.Log(3)], null);

        AssertClose([0.18632372f, 0.30719589f, 0.50648039f], verdict.Heads["topic"]);
        AssertClose([0.25f, 0.75f], verdict.Heads["hate"]); // has none of its own
        AssertClose([0.5f, 0.9f], verdict.Heads["toxicity"]);
    }

    [Fact]
    public void Decide_ShouldHoldThresholdsAgainstTheTemperedProbability()
    {
        const string Rules = """{"hate": {"hate": {"review": 0.5, "flag": 0.75}}}""";

        Assert.Equal(Decision.Flag, Judge(Rules, Hate).Decide([0, MathF.Log(4)], null).Decision); // 0.8
        Assert.Equal(Decision.Review, Judge(Rules, """{"hate": 2}""", Hate).Decide([0, MathF.Log(4)], null).Decision); // 2/3
    }

    [Theory]
    [InlineData(1e30f, -1e30f, 1f, 0f)]
    [InlineData(float.MaxValue, float.MinValue, 1f, 0f)]
    [InlineData(1000f, 1000f, 0.5f, 0.5f)]
    [InlineData(-1000f, -1001f, 0.7310586f, 0.2689414f)]
    public void Decide_ShouldStayFinite_WhenSoftmaxLogitsAreExtreme(float first, float second, float no, float yes) =>
        AssertClose([no, yes], Judge("{}", Hate).Decide([first, second], null).Heads["hate"]);

    [Fact]
    public void Decide_ShouldStayFinite_WhenSigmoidLogitsAreExtreme() =>
        AssertClose([1f, 0f], Judge("{}", Toxicity).Decide([float.MaxValue, float.MinValue], null).Heads["toxicity"]);

    [Theory]
    [InlineData(-0.1f, Decision.Allow)] // probability 0.475
    [InlineData(0f, Decision.Review)] // 0.5, exactly the threshold
    [InlineData(1f, Decision.Review)] // 0.731
    [InlineData(1.2f, Decision.Flag)] // 0.769
    public void Decide_ShouldRiseWithTheProbability(float logit, Decision decision)
    {
        var verdict = Judge("""{"hate": {"hate": {"review": 0.5, "flag": 0.75}}}""", Hate).Decide([0, logit], null);

        Assert.Equal(decision, verdict.Decision);
        Assert.Equal(decision == Decision.Flag ? ["hate"] : [], verdict.Flags);
    }

    [Fact]
    public void Decide_ShouldSayWhy()
    {
        var why = Judge("""{"hate": {"hate": {"review": 0.5, "flag": 0.75}}}""", Hate).Decide([0, MathF.Log(4)], null).Why;

        var reason = Assert.Single(why);
        Assert.Equal(("hate", "hate", 0.75f, Decision.Flag), (reason.Head, reason.Label, reason.Threshold, reason.Band));
        Assert.Equal(0.8f, reason.Probability, Close);
        Assert.Equal(0.05f, reason.Margin, Close);
    }

    [Fact]
    public void Decide_ShouldOrderReasonsByHeadAndRaiseEachFlagOnce()
    {
        const string Rules = """
            {"toxicity": {"insult": {"flag": 0.5, "flag_name": "abuse"}, "toxic": {"flag": 0.5, "flag_name": "abuse"}},
             "hate": {"hate": {"review": 0.4}},
             "topic": {"c": {"flag": 0.6}}}
            """;

        var verdict = Judge(Rules, Topic, Hate, Toxicity).Decide([1, 2, 3, 0, 0, 5, 5], null);

        Assert.Equal(["topic.c", "hate.hate", "toxicity.toxic", "toxicity.insult"], verdict.Why.Select(why => $"{why.Head}.{why.Label}"));
        Assert.Equal([Decision.Flag, Decision.Review, Decision.Flag, Decision.Flag], verdict.Why.Select(why => why.Band));
        Assert.Equal(["c", "abuse"], verdict.Flags);
        Assert.Equal(Decision.Flag, verdict.Decision);
    }

    [Fact]
    public void Decide_ShouldOnlyReview_WhenThereIsNoFlagThreshold() =>
        Assert.Equal(Decision.Review, Judge("""{"hate": {"hate": {"review": 0.4}}}""", Hate).Decide([0, 50], null).Decision);

    [Fact]
    public void Decide_ShouldAllowBelowTheFlag_WhenThereIsNoReviewThreshold()
    {
        var judge = Judge("""{"hate": {"hate": {"flag": 0.75}}}""", Hate);

        Assert.Equal(Decision.Allow, judge.Decide([0, 1], null).Decision);
        Assert.Equal(Decision.Flag, judge.Decide([0, 2], null).Decision);
    }

    [Theory]
    [InlineData(null, 0.75f, Decision.Flag)]
    [InlineData("en", 0.75f, Decision.Flag)]
    [InlineData("hi", 0.9f, Decision.Review)]
    [InlineData("HI", 0.9f, Decision.Review)]
    [InlineData("hi-Latn-IN", 0.9f, Decision.Review)]
    [InlineData("pt-BR", 0.7f, Decision.Flag)]
    [InlineData("pt", 0.75f, Decision.Flag)]
    [InlineData("hix", 0.75f, Decision.Flag)]
    [InlineData("", 0.75f, Decision.Flag)]
    public void Decide_ShouldUseTheThresholdsOfTheLanguage(string? language, float flag, Decision decision)
    {
        const string Rules = """{"hate": {"hate": {"review": 0.5, "flag": 0.75, "languages": {"hi": {"flag": 0.9}, "pt-BR": {"flag": 0.7}}}}}""";

        var verdict = Judge(Rules, Hate).Decide([0, MathF.Log(4)], language); // 0.8

        Assert.Equal(decision, verdict.Decision);
        Assert.Equal(decision == Decision.Flag ? flag : 0.5f, Assert.Single(verdict.Why).Threshold);
    }

    [Fact]
    public void Decide_ShouldRefuse_WhenALogitIsNaN()
    {
        var message = Assert.Throws<ArgumentException>(() => Judge("{}", Topic, Hate).Decide([1, 2, 3, 0, float.NaN], null)).Message;

        Assert.StartsWith("A logit of head 'hate' is NaN.", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Decide_ShouldRefuse_WhenTheNumberOfLogitsIsWrong() =>
        Assert.Throws<ArgumentException>(() => Judge("{}", Topic, Hate).Decide([1, 2, 3, 4], null));

    private static void AssertClose(float[] expected, HeadScore score) =>
        Assert.All(expected.Zip(score.Probabilities.Values), pair => Assert.Equal(pair.First, pair.Second, Close));

    private static PolicyJudge Judge(string rules, params HeadManifest[] heads) => Judge(rules, "{}", heads);

    private static PolicyJudge Judge(string rules, string temperatures, params HeadManifest[] heads)
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, $$"""{"version": "1", "temperatures": {{temperatures}}, "heads": {{rules}}}""");
            var manifest = new BundleManifest
            {
                Format = BundleManifest.CurrentFormat,
                Name = "test",
                Version = "1",
                Encoder = new EncoderManifest(1, 1, 1, 1, 10, 16),
                Tokenizer = new TokenizerSettings(),
                MaxTokens = 16,
                Heads = heads,
                Vocabulary = "vocab.txt",
                Variants = new Dictionary<string, VariantManifest>(),
                Files = [],
            };
            return new PolicyJudge(manifest, Policy.Load(file, heads));
        }
        finally
        {
            File.Delete(file);
        }
    }
}
