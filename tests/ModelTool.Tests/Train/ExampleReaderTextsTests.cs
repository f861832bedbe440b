using System.Text;
using ModelTool.Tests.Support;
using ModelTool.Train;
using StreamScorer.Shared.Encode;

namespace ModelTool.Tests.Train;

public sealed class ExampleReaderTextsTests : IDisposable
{
    private const string Sentences = """
        # topic = b
        # source = x
        Ann	B-person
        likes	O
        unbelievableness	B-thing

        # source = unwanted
        nothing	O

        nothing	O

        # topic = a
        it	O
        """;

    private static readonly BertTokenizer Tokenizer = BertTokenizer.Load(Repository.TinyBert("vocab.txt"), new TokenizerSettings());

    private readonly TestFolder _folder = new();

    [Fact]
    public void Read_ShouldLabelFirstPiecesOnly_AndClassesFromComments()
    {
        var set = Read(Tagged(Sentences));

        Assert.Equal(3, set.Train.Count); // the unwanted source is left out
        var pieces = Tokenizer.CountTokens("unbelievableness"u8);
        Assert.True(pieces > 1);
        Assert.Equal([-1, 1, 0, 3, .. Enumerable.Repeat((short)-1, pieces)], set.Train[0].Labels[0]);
        Assert.Equal([[1], [1]], set.Train[0].Labels[1..]);
        Assert.Equal([[-1, 0, -1], [-1], [0]], set.Train[1].Labels);
        Assert.Equal((0.5f, 1f), (set.Train[0].Weight, set.Train[1].Weight));
    }

    [Fact]
    public void Read_ShouldPointAtTheAnswer_OrAtClsInAWindowWithoutIt()
    {
        var set = Read(Asked(answerStart: 8) with { MaxTokens = 10 });

        var answers = set.Train.Select(row => Encoding.UTF8.GetString(row.Window!.Question.Context)).ToHashSet();
        Assert.Equal(["War and peace and war and music."], answers);
        var labelled = set.Train.ToLookup(row => row.Labels[0][0] > 0, row => (row.Labels[0][0], row.Labels[0][1], row.Ids[row.Labels[0][0]]));
        Assert.NotEmpty(labelled[true]);
        Assert.All(labelled[true], label => Assert.Equal((label.Item1, Id("peace")), (label.Item2, label.Item3)));
        Assert.All(labelled[false], label => Assert.Equal((0, 0), ((int)label.Item1, (int)label.Item2)));
        Assert.Contains(set.Train, row => row.Labels[0][0] == 0);
    }

    [Fact]
    public void Read_ShouldLeaveOtherHeadsWithoutLabels_WhenFilesOfSeveralKindsGoTogether()
    {
        var config = Tagged(Sentences);
        var answer = Asked(answerStart: 8);
        config = config with
        {
            Data = config.Data with { Train = [.. config.Data.Train, .. answer.Data.Train], Dev = [.. config.Data.Dev, .. answer.Data.Dev] },
            Heads = new(config.Heads) { ["answer"] = answer.Heads["answer"] },
        };

        var set = Read(config);

        Assert.Equal([false, false, false, true], set.Train.Select(row => row.Has(3)));
        Assert.Equal([[], [-1], [-1]], set.Train[^1].Labels[..3]);
        Assert.Empty(set.Train[0].Labels[3]);
    }

    [Theory]
    [InlineData("a\tB-place\n", "line 1: the head does not have the tag B-place; it has O, B-person, I-person, B-thing.")]
    [InlineData("a\tO\n\n# topic = c\nb\tO\n", "line 4: the comment 'topic' before it holds a label that the head does not have; it has a, b.")]
    [InlineData("a\tO\nb\n", "line 2: must be a word, a tab and its tag, or empty.")]
    public void Read_ShouldNameFileAndLine_WhenASentenceIsWrong(string text, string fault)
    {
        var error = Assert.Throws<ToolException>(() => Read(Tagged(text)));

        Assert.Equal($"{_folder.PathOf("train.conll")}, {fault}", error.Message);
    }

    [Fact]
    public void Read_ShouldNameFileAndQuestion_WhenAnAnswerIsElsewhere()
    {
        var error = Assert.Throws<ToolException>(() => Read(Asked(answerStart: 9)));

        Assert.Equal($"{_folder.PathOf("train.json")}, question q: its answer is not at answer_start 9 of the context, counted in code points.", error.Message);
    }

    [Fact]
    public void Make_ShouldLayOutTagsAndSpans_WithRowsOfSeveralLengths()
    {
        var config = Tagged(Sentences);
        var set = Read(config);

        var batch = new BatchMaker([.. config.Heads]).Make(set.Train, [0, 1]);

        var (target, labels) = (batch.Targets["entities"].Target, 4);
        Assert.Equal(2 * batch.Length * labels, target.Length);
        var ones = target.Index().Where(value => value.Item != 0).Select(value => (value.Index / labels, value.Index % labels, value.Item));
        Assert.Equal([(1, 1, 0.5f), (2, 0, 0.5f), (3, 3, 0.5f), (batch.Length + 1, 0, 1f)], ones);
        Assert.Equal(1 / 2.5f, batch.Targets["entities"].Scale);
        Assert.Equal((0f, 2f), (batch.Targets["topic"].Target[0], batch.Targets["topic"].Scale)); // the second row has none
    }

    [Fact]
    public void Make_ShouldLayOutStartsThenEnds_WhenTheHeadIsASpan()
    {
        var config = Asked(answerStart: 8);
        var set = Read(config);

        var batch = new BatchMaker([.. config.Heads]).Make(set.Train, [0]);

        var at = Array.IndexOf(set.Train[0].Ids, Id("peace"));
        Assert.Equal([at, batch.Length + at], batch.Targets["answer"].Target.Index().Where(value => value.Item == 1).Select(value => value.Index));
        Assert.Equal((2 * batch.Length, 0.5f), (batch.Targets["answer"].Target.Length, batch.Targets["answer"].Scale));
    }

    public void Dispose() => _folder.Dispose();

    private static int Id(string word)
    {
        var ids = new int[1];
        Tokenizer.Tokenize(Encoding.UTF8.GetBytes(word), ids, out _);
        return ids[0];
    }

    private static ExampleSet Read(TrainConfig config) => ExampleReader.Read(config, Tokenizer);

    private TrainConfig Tagged(string train) => new()
    {
        Data = new DataConfig
        {
            Train = [_folder.Write("train.conll", train)],
            Dev = [_folder.Write("dev.conll", "# topic = a\nAnn\tB-person\nwas\tO\n\nit\tO\n")],
            Without = ["unwanted"],
            SourceWeights = new() { ["x"] = 0.5f },
        },
        Heads = new()
        {
            ["entities"] = new HeadConfig { Kind = "token", Labels = ["O", "B-person", "I-person", "B-thing"] },
            ["topic"] = new HeadConfig { Labels = ["a", "b"] },
            ["some"] = new HeadConfig { Labels = ["no", "yes"], Column = "has_entity" },
        },
    };

    private TrainConfig Asked(int answerStart)
    {
        var json = $$$"""
            {"data": [{"paragraphs": [{"context": "War and peace and war and music.",
             "qas": [{"id": "q", "question": "What is it", "answers": [{"answer_start": {{{answerStart}}}, "text": "peace"}]}]}]}]}
            """;
        return new TrainConfig
        {
            Data = new DataConfig { Train = [_folder.Write("train.json", json)], Dev = [_folder.Write("dev.json", json)] },
            Heads = new() { ["answer"] = new HeadConfig { Kind = "span", Labels = ["start", "end"] } },
        };
    }
}
