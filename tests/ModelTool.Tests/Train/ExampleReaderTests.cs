using System.Globalization;
using ModelTool.Tests.Support;
using ModelTool.Train;
using StreamScorer.Shared.Encode;

namespace ModelTool.Tests.Train;

public sealed class ExampleReaderTests : IDisposable
{
    private static readonly BertTokenizer Tokenizer = BertTokenizer.Load(Repository.TinyBert("vocab.txt"), new TokenizerSettings());

    private readonly TestFolder _folder = new();

    [Fact]
    public void Read_ShouldKeepLabelsAndLeaveOutRows_WhenTheConfigurationSaysSo()
    {
        var set = Read(
            "text,hate,a,b,source,split",
            "one,yes,1,,x,train",
            "two,0,0,1,x,train",
            "three,,,,x,train",
            "four,1,,0,unwanted,train",
            "five,no,1,0,x,dev",
            "six,no,1,0,x,test");

        Assert.Equal(2, set.Train.Count);
        Assert.Single(set.Dev);
        Assert.Equal(1, set.Unlabelled);
        Assert.Equal([[1], [1, -1]], set.Train[0].Labels);
        Assert.Equal([[0], [0, 1]], set.Train[1].Labels);
        Assert.Equal([Tokenizer.ClsId, Tokenizer.SepId], [set.Train[0].Ids[0], set.Train[0].Ids[^1]]);
    }

    [Fact]
    public void Untaught_ShouldNameTheLabels_WhenNoTrainingRowHasThem()
    {
        var heads = new Dictionary<string, HeadConfig>
        {
            ["mood"] = new() { Labels = ["low", "middle", "high"] },
            ["both"] = new() { Kind = "sigmoid", Labels = ["a", "b"], Column = "names" },
        };
        var set = Read(
            config => config with { Heads = heads },
            "text,mood,names,source,split",
            "one,low,a,x,train",
            "two,high,-,x,train",
            "three,middle,b,x,dev");

        Assert.Equal(["mood.middle", "both.b"], set.Untaught(heads));
    }

    [Fact]
    public void Read_ShouldEncodePairs_WhenASecondColumnIsNamed()
    {
        var set = Read(
            config => config with { Data = config.Data with { Pair = "second" } },
            "text,second,hate,a,b,source,split",
            "one,two,yes,1,1,x,train",
            "one,three,no,0,0,x,train",
            "one,four,no,0,0,x,dev");

        Assert.Equal("0 0 0 1 1", string.Join(' ', set.Train[0].Segments!));
    }

    [Fact]
    public void Read_ShouldMakeARowOfEverySegment_WhenTextsAreTooLong()
    {
        var text = string.Join(' ', Enumerable.Repeat("day", 30));
        var set = Read(
            config => config with { MaxTokens = 16, Segments = new SegmentSettings { Overlap = 4, Most = 8 }, Data = config.Data with { SourceWeights = new() { ["x"] = 6 } } },
            "text,hate,a,b,source,split",
            $"{text},yes,1,0,x,train",
            "short,no,0,1,x,train",
            $"{text} {text},no,0,1,x,dev");

        Assert.Equal([(0, 3, 2f), (1, 3, 2f), (2, 3, 2f), (0, 1, 6f)], set.Train.Select(row => (row.Part.Index, row.Part.Count, row.Weight)));
        Assert.All(set.Train.Take(3), row => Assert.Equal([[1], [1, 0]], row.Labels));
        Assert.All(set.Train.Take(3), row => Assert.InRange(row.Ids.Length, 14, 16));
        Assert.Equal(Enumerable.Range(0, 6), set.Dev.Select(row => row.Part.Index));
    }

    [Fact]
    public void Read_ShouldSplitByText_WhenNothingElseDoes()
    {
        var rows = Enumerable.Range(0, 200).SelectMany(i => Enumerable.Repeat($"text {i},{i % 2},{i % 2},1,x,", 2));
        var set = Read(config => config with { Data = config.Data with { Split = null } }, ["text,hate,a,b,source,split", .. rows]);

        Assert.InRange(set.Dev.Count, 50, 110);
        Assert.Empty(set.Dev.Select(Key).Intersect(set.Train.Select(Key)));
        static string Key(Example row) => string.Join(' ', row.Ids);
    }

    [Fact]
    public void Read_ShouldReadNamesInOneCell_WhenASigmoidHeadHasAColumn()
    {
        var set = Read(
            config => config with { Heads = new() { ["both"] = new HeadConfig { Kind = "sigmoid", Labels = ["a", "b"], Column = "names" } } },
            "text,names,source,split",
            "one,b a,x,train",
            "two,a,x,train",
            "none,-,x,train",
            "three,b,x,dev");

        Assert.Equal([1, 1], set.Train[0].Labels[0]);
        Assert.Equal([1, 0], set.Train[1].Labels[0]);
        Assert.Equal([0, 0], set.Train[2].Labels[0]);
    }

    [Fact]
    public void Read_ShouldAssumeALabel_WhenATrainingRowHasNoneAndARuleFits()
    {
        AssumeConfig[] rules =
        [
            new() { Column = "mood", Values = ["glad", "calm"], Label = "no", Weight = 0.25f },
            new() { Column = "source", Values = ["news"], Label = "yes" },
        ];
        var set = Read(
            config => config with { Heads = new(config.Heads) { ["hate"] = config.Heads["hate"] with { Assume = [.. rules] } } },
            "text,hate,a,b,mood,source,split",
            "one,,1,,calm,news,train",
            "two,yes,0,1,glad,x,train",
            "three,,0,1,,news,train",
            "four,no,0,1,,x,train",
            "five,,0,1,,x,train",
            "six,,1,0,glad,x,dev",
            "seven,no,1,0,glad,x,dev");

        Assert.Equal(["no 0.25", "none", "yes 0.5", "none", "none"], set.Train.Select(row => Said(row, 0)));
        Assert.All(set.Dev, row => Assert.Equal("none", Said(row, 0)));
        Assert.Equal([-1], set.Train[0].Labels[0]);
    }

    [Fact]
    public void Read_ShouldAskTheTeacher_WhenALabelIsMissing()
    {
        var scores = _folder.Write(
            "scores.jsonl",
            """
            {"id": "1", "heads": {"hate": {"label": "yes", "probabilities": {"no": 0.25, "yes": 0.75}}}}
            {"id": "2", "heads": {"hate": {"label": "yes", "probabilities": {"no": 0.25, "yes": 0.75}}, "toxicity": {"labels": [], "probabilities": {"a": 0.5, "b": 0.1}}}}
            {"id": "3", "rejected": {"reason": "empty_text", "message": ""}}
            """);
        var set = Read(
            config => config with { Data = config.Data with { Teacher = new TeacherConfig { Scores = [scores], Weight = 0.5f, Share = 0.5f } } },
            "id,text,hate,a,b,source,split",
            "1,one,,1,,x,train",
            "2,two,no,,1,x,train",
            "3,three,yes,1,0,x,train",
            "1,four,no,1,0,x,dev");

        Assert.Equal(new float[] { 0.25f, 0.75f }, set.Train[0].SoftLabel(0)!.Probabilities);
        Assert.Equal(0.5f, set.Train[0].SoftLabel(0)!.Weight);
        Assert.Null(set.Train[0].SoftLabel(1));
        Assert.Equal(new float[] { 0.625f, 0.375f }, set.Train[1].SoftLabel(0)!.Probabilities);
        Assert.Equal(new float[] { 0.5f, 0.55f }, set.Train[1].SoftLabel(1)!.Probabilities);
        Assert.Equal(1, set.Train[1].SoftLabel(1)!.Weight);
        Assert.Null(set.Train[2].SoftLabel(0));
        Assert.Null(set.Dev[0].SoftLabel(0));
    }

    [Fact]
    public void Read_ShouldTakeTheMean_WhenThereAreSeveralTeachers()
    {
        string[] scores =
        [
            .. new[] { "0.5", "0.25", "0.75" }.Select(yes =>
                _folder.Write($"{yes}.jsonl", "{'id': '1', 'heads': {'hate': {'label': 'yes', 'probabilities': {'no': 0.5, 'yes': YES}}}}".Replace('\'', '"').Replace("YES", yes, StringComparison.Ordinal))),
            _folder.Write("other.jsonl", """{"id": "2", "heads": {}}"""),
        ];

        var set = Read(
            config => config with { Data = config.Data with { Teacher = new TeacherConfig { Scores = [.. scores] } } },
            "id,text,hate,a,b,source,split",
            "1,one,,1,0,x,train",
            "2,two,yes,1,1,x,train",
            "3,three,no,0,0,x,train",
            "1,four,no,1,0,x,dev");

        Assert.Equal(0.5f, set.Train[0].SoftLabel(0)!.Probabilities[1], 6);
    }

    [Fact]
    public void Read_ShouldRefuseTheTeacher_WhenItHasOtherLabels()
    {
        var scores = _folder.Write("scores.jsonl", """{"id": "1", "heads": {"hate": {"label": "on", "probabilities": {"off": 0.25, "on": 0.75}}}}""");

        var error = Assert.Throws<ToolException>(() => Read(
            config => config with { Data = config.Data with { Teacher = new TeacherConfig { Scores = [scores] } } },
            "id,text,hate,a,b,source,split",
            "1,one,yes,1,1,x,train"));

        Assert.Contains("has the labels off, on, here it has no, yes", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("text,hate,a,source,split", "x,yes,1,x,train", "has no column 'b'")]
    [InlineData("te\"xt,hate,a,b,source,split", "x,yes,1,1,x,train", "line 1, is not valid CSV")]
    [InlineData("text,hate,a,b,source,split", "one,maybe,1,1,x,train", "line 2: column 'hate' holds a label that the head does not have; it has no, yes")]
    [InlineData("text,hate,a,b,source,split", "one,yes,2,1,x,train", "line 2: column 'a' must hold 0, 1 or nothing")]
    [InlineData("text,hate,a,b,source,split", " ,yes,1,1,x,train", "line 2: column 'text' is empty")]
    [InlineData("text,hate,a,b,source,split", "secret,yes,1,1,x", "line 2, is not valid CSV")]
    [InlineData("text,hate,a,b,source,split", "\"secret,yes,1,1,x,train", "is not valid CSV")]
    [InlineData("text,hate,a,b,source,split", "one,yes,1,1,x,train", "1 labelled rows to train on and 0 to measure on")]
    [InlineData("text,hate,a,b,source,split", "one,,1,0,x,train\none,yes,1,1,x,dev", "No training row has a label for the head 'hate'")]
    [InlineData("text,hate,a,b,source,split", "one,no,1,0,x,train\none,yes,1,1,x,dev", "All training rows of the head 'hate' have the same label")]
    [InlineData("text,hate,a,b,source,split", "one,no,1,0,x,train\none,yes,1,1,x,train\none,no,,,x,dev", "No development row has a label for the head 'toxicity'")]
    public void Read_ShouldNameFileAndRow_WhenTheDataIsWrong(string header, string rows, string fault)
    {
        var error = Assert.Throws<ToolException>(() => Read([header, .. rows.Split('\n')]));

        Assert.Contains(fault, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private static string Said(Example row, int head) => row.SoftLabel(head) is { } soft
        ? string.Create(CultureInfo.InvariantCulture, $"{(soft.Probabilities[1] == 1 ? "yes" : "no")} {soft.Weight}")
        : "none";

    private ExampleSet Read(params string[] lines) => Read(config => config, lines);

    private ExampleSet Read(Func<TrainConfig, TrainConfig> change, params string[] lines) => ExampleReader.Read(
        change(new TrainConfig
        {
            Data = new DataConfig { Train = [_folder.Write("rows.csv", string.Join('\n', lines) + "\n")], Split = "split", Without = ["unwanted"] },
            Heads = new()
            {
                ["hate"] = new HeadConfig { Labels = ["no", "yes"] },
                ["toxicity"] = new HeadConfig { Kind = "sigmoid", Labels = ["a", "b"] },
            },
        }),
        Tokenizer);
}
