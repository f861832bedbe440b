using ModelTool.Tests.Support;
using ModelTool.Train;
using StreamScorer.Shared.Encode;

namespace ModelTool.Tests.Train;

public sealed class TrainConfigFileTests : IDisposable
{
    private const string Valid = """
        checkpoint: base
        output: out
        data:
          train: [a.csv, /b.csv]
        heads:
          hate: {labels: [no, yes], class_weights: [1, 2.5]}
          toxicity: {kind: sigmoid, labels: [toxic, threat], weight: 0.5}
        """;

    private readonly TestFolder _folder = new();

    [Fact]
    public void Read_ShouldTakeTheDefaults_WhenOnlyTheNeedfulIsGiven()
    {
        var config = Read(Valid);

        Assert.Equal((32, 10, 2e-5, 256), (config.Batch, config.Epochs, config.LearningRate, config.MaxTokens));
        Assert.Equal([_folder.PathOf("a.csv"), "/b.csv"], config.Data.Train);
        Assert.Equal(["hate", "toxicity"], config.Heads.Keys);
        Assert.Equal([1, 2.5f], config.Heads["hate"].ClassWeights);
    }

    [Fact]
    public void Read_ShouldPutValuesInPlace_WhenTheyAreOverridden()
    {
        var config = Read(Valid, "epochs=3", "learning_rate=7e-5", "freeze.layers=2", "data.without=[liar, airline]");

        Assert.Equal((3, 7e-5, 2), (config.Epochs, config.LearningRate, config.Freeze.Layers));
        Assert.Equal(["liar", "airline"], config.Data.Without);
    }

    [Fact]
    public void Read_ShouldTakeSegments_WithDefaultsForWhatIsLeftOut()
    {
        Assert.Null(Read(Valid).Segments);
        Assert.Equal(new SegmentSettings { Overlap = 16, Most = 4, Aggregate = SegmentAggregate.Max }, Read(Valid, "segments={overlap: 16, most: 4, aggregate: max}").Segments);
        Assert.Equal(new SegmentSettings { Overlap = 32, Most = 8, Aggregate = SegmentAggregate.Mean }, Read(Valid, "segments={}").Segments);
    }

    [Fact]
    public void Read_ShouldTakeTheRecipe_WhenItsFilesAreNamed()
    {
        var recipe = Repository.PathOf("samples", "recipes", "moderation.yaml");

        var config = TrainConfigFile.Read(recipe, ["data.train=[/data/train.csv]"]);

        Assert.Equal(["fake", "hate", "sentiment"], config.Heads.Keys);
        Assert.Equal(["/data/train.csv"], config.Data.Train);
    }

    [Fact]
    public void Read_ShouldStartAtTheCurrentFolder_WhenAPathIsOverridden()
    {
        var config = Read(Valid, "checkpoint=here", "output=../out", "data={train: c.csv, dev: [d.csv, /e.csv], text: body}");

        var (current, above) = (Environment.CurrentDirectory, Path.GetDirectoryName(Environment.CurrentDirectory)!);
        Assert.Equal((Path.Combine(current, "here"), Path.Combine(above, "out")), (config.Checkpoint, config.Output));
        Assert.Equal([Path.Combine(current, "c.csv")], config.Data.Train);
        Assert.Equal([Path.Combine(current, "d.csv"), "/e.csv"], config.Data.Dev);
        Assert.Equal("body", config.Data.Text);
    }

    [Theory]
    [InlineData("data.train=")]
    [InlineData("data.train=[~]")]
    [InlineData("data.dev=~")]
    [InlineData("checkpoint=")]
    public void Read_ShouldSayWhatHasNoValue_WhenAPathIsOverriddenByNothing(string setting)
    {
        var fault = Assert.Throws<ToolException>(() => Read(Valid, setting)).Message;

        Assert.Contains($"'{setting.Split('=')[0]}' has no value", fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("batches: 3", "line 8: Property 'batches' not found")]
    [InlineData("batch: many", "line 8:")]
    [InlineData("freeze:", "'freeze' has no value")]
    [InlineData("freeze: {heads: [~]}", "'freeze.heads' has no value")]
    [InlineData("batch: 0", "'batch' must be at least 1 and is 0")]
    [InlineData("device: gpu", "'device' must be cpu, cuda or cpu-graph and is gpu")]
    [InlineData("dropout: 1", "'dropout' must be at least 0 and below 1, and is 1")]
    [InlineData("average: 1", "'average' must be at least 0 and below 1, and is 1")]
    [InlineData("segments: {overlap: 128}", "'segments': overlap is 128 and must lie between 0 and 127, half of the 256 tokens of a segment")]
    [InlineData("segments: {aggregate: median}", "line 8:")]
    [InlineData("freeze: {heads: [fake]}", "'freeze.heads' names 'fake', which is no head")]
    public void Read_ShouldSayWhatIsWrong_WhenALineCannotBe(string line, string fault)
    {
        var error = Assert.Throws<ToolException>(() => Read(Valid + "\n" + line));

        Assert.Contains(fault, error.Message, StringComparison.Ordinal);
        Assert.StartsWith(_folder.PathOf("train.yaml"), error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{kind: tokens, labels: [a, b]}", "is 'tokens' and must be softmax, sigmoid, token or span")]
    [InlineData("{kind: token, labels: [a, b]}", "needs the labels O, B-type and I-type for each type of entity")]
    [InlineData("{kind: token, labels: [O, I-x]}", "has the label I-x and not B-x")]
    [InlineData("{kind: token, labels: [O, B-x]}", "needs a CoNLL file, .conll, among 'data.train'")]
    [InlineData("{kind: span}", "needs a file with questions, .json, among 'data.train'")]
    [InlineData("{kind: span, labels: [start]}", "needs its labels")]
    [InlineData("{kind: span, class_weights: [1, 1]}", "has class_weights, which a span cannot have")]
    [InlineData("{labels: [a]}", "needs its labels")]
    [InlineData("{labels: [a, a]}", "has a label twice")]
    [InlineData("{labels: [a, b], class_weights: [1]}", "has 1 class_weights for 2 labels")]
    [InlineData("{labels: [a, b], weight: 0}", "needs a weight above 0")]
    [InlineData("{labels: [a, b], assume: [{column: mood, values: [glad], label: c}]}", "assumes a label that it does not have")]
    [InlineData("{labels: [a, b], assume: [{column: mood, label: a}]}", "assumes a label and must say by which column and values")]
    [InlineData("{labels: [a, b], assume: [{column: mood, values: [glad], label: a, weight: 2}]}", "assumes a label with a weight")]
    [InlineData("{kind: sigmoid, labels: [a, b], assume: [{column: mood, values: [glad], label: a}]}", "assumes a label, which only softmax heads can")]
    public void Read_ShouldNameTheHead_WhenItCannotBeTrained(string head, string fault)
    {
        var error = Assert.Throws<ToolException>(() => Read(Valid, $"heads.odd={head}"));

        Assert.Contains("head 'odd' " + fault, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_ShouldNameStartAndEnd_WhenASpanHasNoLabels()
    {
        var config = Read(Valid, "heads.answer={kind: span}", "data.train=[a.csv, b.json]");

        Assert.Equal(["start", "end"], config.Heads["answer"].Labels);
        Assert.Equal(["hate", "toxicity", "answer"], config.Heads.Keys);
    }

    [Fact]
    public void Read_ShouldRefuse_WhenTwoHeadsWantTheSameTags()
    {
        var error = Assert.Throws<ToolException>(() => Read(Valid, "heads.a={kind: token, labels: [O, B-x]}", "heads.b={kind: token, labels: [O, B-x]}", "data.train=[a.conll]"));

        Assert.Contains("heads 'a', 'b' are all of the kind token, and a file has labels for one", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("- a")]
    [InlineData("")]
    public void Read_ShouldSayWhatItNeeds_WhenTheFileHoldsSomethingElse(string yaml) =>
        Assert.Contains("must hold one YAML document of names", Assert.Throws<ToolException>(() => Read(yaml)).Message, StringComparison.Ordinal);

    [Fact]
    public void Read_ShouldSayHow_WhenAnOverrideHasNoValue() =>
        Assert.Contains("must be name=value", Assert.Throws<ToolException>(() => Read(Valid, "epochs")).Message, StringComparison.Ordinal);

    public void Dispose() => _folder.Dispose();

    private TrainConfig Read(string yaml, params string[] overrides) => TrainConfigFile.Read(_folder.Write("train.yaml", yaml), overrides);
}
