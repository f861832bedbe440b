using System.Text.Json.Nodes;
using ModelTool.Tests.Support;

namespace ModelTool.Tests.Evaluate;

public sealed class EvaluateCommandTests : IDisposable
{
    private const string Labelled = "id,text,hate,source\na,\"one, two\",1,x\nb,three,0,x\nc,four,,y\nd,five,hate,y\n";

    private readonly TestFolder _folder = new();

    [Fact]
    public void Evaluate_ShouldPrintATable()
    {
        var (code, output, error) = Tool.Run("evaluate", Scored(Line("a", 0.9), Line("b", 0.2), Line("c", 0.5), Line("d", 0.3)), Csv(Labelled));

        Assert.Equal((0, ""), (code, error));
        Assert.Equal(
            """
            head         slice              rows  accuracy  macro-F1  ROC-AUC  PR-AUC    ECE  Brier
            hate         (all)                 3      66.7      66.7    1.000   1.000   33.3   18.0
            hate         x                     2     100.0     100.0    1.000   1.000   15.0    2.5
            hate         y                     1       0.0       0.0        -   1.000   70.0   49.0

            head         label             posts precision    recall       F1  ROC-AUC  PR-AUC
            hate         not_hate              1      50.0     100.0     66.7    1.000   1.000
            hate         hate                  2     100.0      50.0     66.7    1.000   1.000

            4 rows, 0 of them rejected and in no figure

            """,
            output,
            ignoreLineEndingDifferences: true);
    }

    [Fact]
    public void Evaluate_ShouldPrintFractions_WhenJsonIsAskedFor()
    {
        var (_, output, _) = Tool.Run("evaluate", Scored(Line("a", 0.9), Line("b", 0.2), Rejected("c"), Line("d", 0.3)), Csv(Labelled), "--json", "--without", "z,y");

        var json = JsonNode.Parse(output)!;
        Assert.Equal((4, 1), ((int)json["rows"]!, (int)json["rejected"]!));
        Assert.Equal(2, (int)json["heads"]!["hate"]!["pooled"]!["rows"]!);
        Assert.Equal(1.0, (double)json["heads"]!["hate"]!["pooled"]!["macro_f1"]!);
        Assert.Null(json["heads"]!["hate"]!["slices"]!["source"]!["y"]!["roc_auc"]);
        Assert.Equal(0.7, (double)json["heads"]!["hate"]!["slices"]!["source"]!["y"]!["calibration_error"]!, 6);
    }

    [Theory]
    [InlineData("id,tox\na,insult|threat\nb,-\nc,\n")]
    [InlineData("id,tox\na,insult threat\nb,-\nc,\n")]
    [InlineData("id,tox\na,\"insult,threat\"\nb,-\nc,\n")]
    [InlineData("id,insult,threat\na,1,1\nb,0,0\nc,,\n")]
    public void Evaluate_ShouldMeasureIndependentLabels(string csv)
    {
        var scored = Scored(Toxic("a", 0.9, 0.4), Toxic("b", 0.2, 0.1), Toxic("c", 0.9, 0.9));

        var (code, output, error) = Tool.Run("evaluate", scored, Csv(csv), "--json");

        Assert.Equal((0, ""), (code, error));
        var pooled = JsonNode.Parse(output)!["heads"]!["tox"]!["pooled"]!;
        Assert.Equal((2, 0.5, 0.5), ((int)pooled["rows"]!, (double)pooled["accuracy"]!, (double)pooled["macro_f1"]!)); // threat is missed in a
        Assert.Equal((1.0, null), ((double)pooled["labels"]!["insult"]!["precision"]!, pooled["labels"]!["threat"]!["precision"]));
        Assert.Equal((0.01 + 0.36 + 0.04 + 0.01) / 4, (double)pooled["brier"]!, 6);
        Assert.Null(pooled["confusion"]);
        Assert.Contains("threat is never chosen: its precision is not defined", pooled["notes"]!.AsArray().Select(note => (string)note!));
    }

    [Theory]
    [InlineData("id,tox\na,insult|threats\n", "line 2: column 'tox' must hold labels of insult, threat, separated by |, or - for none.")]
    [InlineData("id,insult\na,yes\n", "line 2: column 'insult' must hold 0 or 1.")]
    public void Evaluate_ShouldNameTheLine_WhenAnIndependentLabelIsWrong(string csv, string said) =>
        Assert.EndsWith(said, Tool.Fault("evaluate", Scored(Toxic("a", 0.9, 0.4)), Csv(csv)), StringComparison.Ordinal);

    [Fact]
    public void Evaluate_ShouldRefuse_WhenIdsDiffer() =>
        Assert.EndsWith(
            "has id 'c' and the labelled row has 'b': score that very file.",
            Tool.Fault("evaluate", Scored(Line("a", 0.9), Line("c", 0.2)), Csv(Labelled)),
            StringComparison.Ordinal);

    [Fact]
    public void Evaluate_ShouldRefuse_WhenLinesAreMissing() =>
        Assert.EndsWith(
            "has 1 lines and the labelled file has more rows: score that very file.",
            Tool.Fault("evaluate", Scored(Line("a", 0.9)), Csv(Labelled)),
            StringComparison.Ordinal);

    [Fact]
    public void Evaluate_ShouldRefuse_WhenThereAreMoreLines() =>
        Assert.EndsWith(
            "has more lines than the labelled file has rows (1): score that very file.",
            Tool.Fault("evaluate", Scored(Line("a", 0.9), Line("b", 0.9)), Csv("id,hate\na,1\n")),
            StringComparison.Ordinal);

    [Theory]
    [InlineData("not json")]
    [InlineData("[1]")]
    [InlineData("{\"id\": \"a\"}")]
    [InlineData("{\"id\": 7, \"heads\": {}}")]
    [InlineData("{\"id\": \"a\", \"heads\": {\"hate\": {\"label\": \"hate\"}}}")]
    [InlineData("{\"id\": \"a\", \"heads\": {\"hate\": {\"label\": \"hate\", \"probabilities\": {\"hate\": 1.5}}}}")]
    public void Evaluate_ShouldNameTheLine_WhenItIsNoScoredLine(string line)
    {
        var scored = Scored(Line("a", 0.9), line);

        Assert.Equal($"Line 2 of {scored} is not a line of 'streamscorer score'.", Tool.Fault("evaluate", scored, Csv(Labelled)));
    }

    [Theory]
    [InlineData("2")]
    [InlineData("-1")]
    [InlineData("Hate")]
    public void Evaluate_ShouldNameTheLine_WhenALabelIsUnknown(string cell)
    {
        var csv = Csv($"id,hate\na,1\nb,{cell}\n");

        Assert.Equal(
            $"{csv}, line 3: column 'hate' must hold one of not_hate, hate, or its index from 0.",
            Tool.Fault("evaluate", Scored(Line("a", 0.9), Line("b", 0.9)), csv));
    }

    [Fact]
    public void Evaluate_ShouldRefuse_WhenNoColumnIsAHead() =>
        Assert.Equal(
            $"{_folder.PathOf("labelled.csv")} has no labels for any head of {_folder.PathOf("scored.jsonl")} (hate): a column must have the head's name, or --column HEAD=COLUMN say which.",
            Tool.Fault("evaluate", Scored(Line("a", 0.9)), Csv("id,fake\na,1\n")));

    [Fact]
    public void Evaluate_ShouldRefuse_WhenThereIsNoId() =>
        Assert.EndsWith("needs a header line with a column 'id', the posts' ids; it has text, hate.", Tool.Fault("evaluate", Scored(Line("a", 0.9)), Csv("text,hate\na,1\n")), StringComparison.Ordinal);

    [Fact]
    public void Evaluate_ShouldNameTheLine_WhenTheCsvIsBroken() =>
        Assert.Contains(
            ", line 2, is not valid CSV: ",
            Tool.Fault("evaluate", Scored(Line("a", 0.9)), Csv("id,hate\na,1,2\n")),
            StringComparison.Ordinal);

    [Fact]
    public void Evaluate_ShouldNameTheLine_WhenAQuoteIsNeverClosed() =>
        Assert.Contains(", line 2, is not valid CSV: ", Tool.Fault("evaluate", Scored(Line("a", 0.9)), Csv("id,hate\n\"a,1\n")), StringComparison.Ordinal);

    [Theory]
    [InlineData("", "labelled.csv is empty: it needs a header line with a column 'id', the posts' ids.")]
    [InlineData("id,hate\n", "labelled.csv has no rows below its header.")]
    public void Evaluate_ShouldRefuse_WhenThereAreNoRows(string csv, string said) =>
        Assert.EndsWith(said, Tool.Fault("evaluate", Scored(Line("a", 0.9)), Csv(csv)), StringComparison.Ordinal);

    [Fact]
    public void Evaluate_ShouldRefuse_WhenThereAreNoScoredLines() =>
        Assert.EndsWith("scored.jsonl is empty: it must hold the lines that 'streamscorer score' prints.", Tool.Fault("evaluate", _folder.Write("scored.jsonl", ""), Csv(Labelled)), StringComparison.Ordinal);

    [Theory]
    [InlineData("--slice", "language", "needs a header line with a column 'language', what --slice names; it has id, text, hate, source.")]
    [InlineData("--column", "hate=h", "needs a header line with a column 'h', what --column names for head 'hate'; it has id, text, hate, source.")]
    [InlineData("--column", "hate", "--column must be HEAD=COLUMN, and is 'hate'.")]
    public void Evaluate_ShouldRefuse_WhenAnOptionNamesNoColumn(string option, string value, string said) =>
        Assert.EndsWith(said, Tool.Fault("evaluate", Scored(Line("a", 0.9)), Csv(Labelled), option, value), StringComparison.Ordinal);

    [Fact]
    public void Evaluate_ShouldRefuse_WhenSourcesAreLeftOutAndUnknown() =>
        Assert.EndsWith(
            "needs a header line with a column 'source', to know what --without leaves out; it has id, hate.",
            Tool.Fault("evaluate", Scored(Line("a", 0.9)), Csv("id,hate\na,1\n"), "--without", "x"),
            StringComparison.Ordinal);

    [Fact]
    public void Evaluate_ShouldRefuse_WhenASliceHasTooManyValues()
    {
        var ids = Enumerable.Range(0, 201).Select(i => $"p{i}").ToList();

        Assert.Equal(
            "Column 'id' has 201 different values, more than the 200 that --slice can show: name a column with groups of posts.",
            Tool.Fault("evaluate", Scored([.. ids.Select(id => Line(id, 0.9))]), Csv("id,hate\n" + string.Concat(ids.Select(id => $"{id},1\n"))), "--slice", "id"));
    }

    [Fact]
    public void Evaluate_ShouldSlice_ByAnyColumn()
    {
        var (_, output, _) = Tool.Run("evaluate", Scored(Line("a", 0.9), Line("b", 0.2), Line("c", 0.9)), Csv("id,hate,lang,source\na,1,en,s\nb,0,hi,s\nc,1,,t\n"), "--json", "--slice", "lang,source", "--without", "t");

        var slices = JsonNode.Parse(output)!["heads"]!["hate"]!["slices"]!;
        Assert.Equal(["en", "hi"], slices["lang"]!.AsObject().Select(slice => slice.Key)); // t is left out of all but its own
        Assert.Equal(["s", "t"], slices["source"]!.AsObject().Select(slice => slice.Key));
    }

    [Fact]
    public void Evaluate_ShouldReadLabels_FromTheColumnThatIsNamed()
    {
        var (_, output, _) = Tool.Run("evaluate", Scored(Line("a", 0.9)), Csv("id,label_h\na,1\n"), "--json", "--column", "hate=label_h");

        Assert.Equal(1.0, (double)JsonNode.Parse(output)!["heads"]!["hate"]!["pooled"]!["accuracy"]!);
    }

    [Fact]
    public void Evaluate_ShouldNotShowARow_WhenThereIsNoHeader() =>
        Assert.EndsWith(
            "it has none whose names could be shown: is its first line a header, and are its columns separated by commas?",
            Tool.Fault("evaluate", Scored(Line("a", 0.9)), Csv("a,what somebody wrote,1\n")),
            StringComparison.Ordinal);

    [Theory]
    [InlineData("id,hate,hate\na,1,0\n", "hate")]
    [InlineData("id,id,hate\na,a,0\n", "id")]
    public void Evaluate_ShouldRefuse_WhenAColumnIsThereTwice(string csv, string column) =>
        Assert.EndsWith($"has the column '{column}' twice: which one is meant cannot be known.", Tool.Fault("evaluate", Scored(Line("a", 0.9)), Csv(csv)), StringComparison.Ordinal);

    [Fact]
    public void Evaluate_ShouldRefuse_WhenAFolderStandsForAFile()
    {
        Assert.EndsWith("is a folder, not scored lines: name a bundle with --bundle.", Tool.Fault("evaluate", _folder.Path, Csv(Labelled)), StringComparison.Ordinal);
        Assert.EndsWith("is a folder, and must be a CSV file with labels.", Tool.Fault("evaluate", Scored(Line("a", 0.9)), _folder.Path), StringComparison.Ordinal);
    }

    [Fact]
    public void Evaluate_ShouldRefuseAtOnce_WhenThePageCannotBeWritten() =>
        Assert.EndsWith("does not exist: make it first.", Tool.Fault("evaluate", Scored("no line"), Csv(Labelled), "--html", _folder.PathOf("none/page.html")), StringComparison.Ordinal);

    [Fact]
    public void Evaluate_ShouldRefuse_WhenThereAreTooFewFiles() =>
        Assert.Equal("Give SCORED and LABELLED, or --bundle FOLDER and LABELLED.", Tool.Fault("evaluate", Csv(Labelled)));

    [Fact]
    public void Evaluate_ShouldRefuse_WhenAFileIsMissing() =>
        Assert.Contains("nowhere.csv", Tool.Fault("evaluate", Scored(Line("a", 0.9)), _folder.PathOf("nowhere.csv")), StringComparison.Ordinal);

    public void Dispose() => _folder.Dispose();

    private static string Line(string id, double hate) => new JsonObject
    {
        ["id"] = id,
        ["heads"] = new JsonObject
        {
            ["hate"] = new JsonObject
            {
                ["label"] = hate >= 0.5 ? "hate" : "not_hate",
                ["probabilities"] = new JsonObject { ["not_hate"] = 1 - hate, ["hate"] = hate },
            },
        },
        ["decision"] = "allow",
    }.ToJsonString();

    private static string Toxic(string id, double insult, double threat) => new JsonObject
    {
        ["id"] = id,
        ["heads"] = new JsonObject
        {
            ["tox"] = new JsonObject { ["labels"] = new JsonArray(), ["probabilities"] = new JsonObject { ["insult"] = insult, ["threat"] = threat } },
        },
    }.ToJsonString();

    private static string Rejected(string id) => $$$"""{"id": "{{{id}}}", "rejected": {"reason": "empty_text", "message": "m"}}""";

    private string Scored(params string[] lines) => _folder.Write("scored.jsonl", string.Join('\n', lines) + "\n");

    private string Csv(string text) => _folder.Write("labelled.csv", text);
}
